"""The forecast of a session, as its file stores it."""

from __future__ import annotations

from dataclasses import asdict

from batchdrain.planning.forecast import Forecast
from batchdrain.sessions.result import Count, Finite, Record


class KeptForecast(Record):
    """The forecast that planning.forecast made when the session began."""

    planned: Count
    fixed: Count
    fixed_low: Count
    fixed_high: Count
    minutes: Finite
    minutes_low: Finite
    minutes_high: Finite

    @classmethod
    def of(cls, forecast: Forecast) -> KeptForecast:
        """Convert a forecast."""
        return cls(**asdict(forecast))

    @property
    def forecast(self) -> Forecast:
        """The forecast as the planner's type."""
        return Forecast(**{name: getattr(self, name) for name in KeptForecast.model_fields})
