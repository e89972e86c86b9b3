"""The forecast of a session, as its file keeps it, and what came of it."""

from __future__ import annotations

from dataclasses import asdict

from batchdrain.planning.forecast import Forecast
from batchdrain.sessions.result import Count, Finite, Record


class KeptForecast(Record):
    """As planning.forecast made it when the session began."""

    planned: Count
    fixed: Count
    fixed_low: Count
    fixed_high: Count
    minutes: Finite
    minutes_low: Finite
    minutes_high: Finite

    @classmethod
    def of(cls, forecast: Forecast) -> KeptForecast:
        """The same facts."""
        return cls(**asdict(forecast))

    @property
    def forecast(self) -> Forecast:
        """The same facts."""
        return Forecast(**{name: getattr(self, name) for name in KeptForecast.model_fields})
