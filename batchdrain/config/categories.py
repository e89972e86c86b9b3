"""Makes the categoriser of failures from the configured rules and the built-in ones."""

from __future__ import annotations

from functools import lru_cache

from batchdrain.config.settings import Settings
from batchdrain.failures.categories import Categoriser, make_own_rule
from batchdrain.model.errors import ConfigError


def categoriser_of(settings: Settings) -> Categoriser:
    """A categoriser that tries the configured rules before the built-in ones. Equal rules share one object. Raises
    ConfigError for a bad rule."""
    return _categoriser_of(tuple((own.category, own.match) for own in settings.categories))


@lru_cache(maxsize=8)
def _categoriser_of(rules: tuple[tuple[str, str], ...]) -> Categoriser:
    own = []
    for place, (category, match) in enumerate(rules):
        try:
            own.append(make_own_rule(category, match))
        except ValueError as error:
            raise ConfigError(
                f"batchdrain.categories.{place}: {error}", remedy=getattr(error, "cure", "fix the rule")
            ) from None
    return Categoriser(tuple(own))
