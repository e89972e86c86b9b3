"""Makes Settings from mapping, environment and overrides, and reports all errors at once. Nothing beyond this file sees an
Invoke Context."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from batchdrain.config.environment import PREFIX
from batchdrain.config.known_keys import keys_beside
from batchdrain.config.messages import explain
from batchdrain.config.profiles import PROFILES
from batchdrain.config.reason_setting import TAGS
from batchdrain.config.settings import Settings
from batchdrain.config.state_settings import text_to_words
from batchdrain.model.errors import ConfigError, UsageError, did_you_mean

Tree = dict[str, Any]
_NOTHING: Final = frozenset({"", "~", "null"})
_HUGE: Final = 10**30
_AS_YAML: Final = {"None": "null", "True": "true", "False": "false"}
_SHOWN_CHARS: Final = 120
_MOST_VALUES: Final = 100_000
DEFAULT_URL: Final = "sqlite:///batchdrain.db"
_PROFILE: Final = ("profile",)
_TIMEOUT: Final = ("timeout", "default_s")
_TIMES: Final = ("default_s", "min_s", "max_s")


@dataclass(frozen=True, slots=True)
class Override:
    """A setting that a flag gives for one invocation."""

    flag: str  #: such as --phase-timeout; named in errors about the value
    path: tuple[str, ...]  #: the path of the setting
    value: str | bool | list[str]  #: as given; each text of a list may hold several entries


def load(section: object, environ: Mapping[str, str], overrides: Iterable[Override] = ()) -> Settings:
    """The settings of the `batchdrain:` section. The environment replaces its values, and the overrides replace both; of two
    overrides of one setting the later one counts.

    Raises ConfigError with every problem of section and environment, a line each; UsageError if only overrides are wrong.
    """
    if not isinstance(section, Mapping | None):
        raise ConfigError(
            f"batchdrain: expected a mapping of settings, got {type(section).__name__}",
            remedy="see docs/configuration.md of batchdrain",
        )
    given = {one.path: one for one in overrides}
    base = to_plain(section or {})
    problems = overlay(base, environ)
    sources = _name_sources(base, environ, given)
    apply_profile(base, given[_PROFILE].value if _PROFILE in given else None)
    settings = _validated(base, problems, environ)
    if not given:
        return _with_sources(settings, sources)
    for path, one in given.items():
        _put(base, path, _join_lists(one.value) if isinstance(one.value, list) else one.value)
    if _TIMEOUT in given:  # an explicit limit applies to every phase
        _put(base, ("timeout", "adaptive"), value=False)
    try:
        return _with_sources(Settings.model_validate(base), sources)
    except ValidationError as error:
        names = {path: one.flag for path, one in given.items()}
        raise UsageError(
            "\n".join(dict.fromkeys(f"{names.get(_named(e)) or _place(e['loc'])}: {_describe(e)}" for e in error.errors()))
        ) from None


def _name_sources(base: Tree, environ: Mapping[str, str], given: Mapping[tuple[str, ...], Override]) -> dict[str, str]:
    """For each number of `timeout` that the configuration file does not set, who sets it. `base`: without the profile's
    numbers."""
    name = str(given[_PROFILE].value if _PROFILE in given else base.get("profile", "classic"))
    limits, own = PROFILES.get(name, {}).get("timeout", ()), base.get("timeout") or {}
    sources: dict[str, str] = {
        str(key): f"timeout.{key} of profile {name!r}" for key in limits if isinstance(own, dict) and key not in own
    }
    sources |= {key: variable for key in _TIMES if (variable := f"{PREFIX}TIMEOUT_{key.upper()}") in environ}
    return sources | {path[1]: one.flag for path, one in given.items() if path[0] == "timeout"}


def _with_sources(settings: Settings, sources: Mapping[str, str]) -> Settings:
    return settings.model_copy(update={"timeout": settings.timeout.with_sources(sources)}) if sources else settings


def problems_of(section: object, environ: Mapping[str, str]) -> list[str]:
    """Every problem of the configuration, a line each; empty if there are none."""
    try:
        load(section, environ)
    except ConfigError as error:
        return str(error).splitlines()
    return []


def _validated(base: Tree, problems: list[str], environ: Mapping[str, str]) -> Settings:
    settings = None
    try:
        settings = Settings.model_validate(base)
    except ValidationError as error:
        problems = problems + list(dict.fromkeys(_line(e, environ) for e in error.errors()))
    if problems or settings is None:
        raise ConfigError.of(problems)
    return settings


def _named(error: ErrorDetails) -> tuple[str, ...]:
    loc = error["loc"][:1] if _is_policy(error["loc"]) else error["loc"]
    return tuple(part for part in loc if isinstance(part, str) and part not in TAGS)


def _place(loc: tuple[int | str, ...]) -> str:
    shown = loc[:2] if _is_policy(loc) else [part for part in loc if part not in TAGS]
    return ".".join(map(str, ("batchdrain", *shown)))


def _is_policy(loc: tuple[int | str, ...]) -> bool:
    """Whether this is an entry of the list of policies. Such an entry may be of two types, so pydantic reports two errors for
    it."""
    return loc[:1] == ("policy",) and len(loc) > 2


def _line(error: ErrorDetails, environ: Mapping[str, str]) -> str:
    named = _named(error)
    variables = (PREFIX + "_".join(named[:end]).upper() for end in range(len(named), 0, -1))  # a mapping is set whole
    place = next((variable for variable in variables if variable in environ), None) or _place(error["loc"])
    return f"{place}: {_describe(error)}"


def _describe(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "is not a known key" + did_you_mean(str(error["loc"][-1]), keys_beside(error["loc"]))
    expected = "write a name, or {name: …, parameter: value}" if _is_policy(error["loc"]) else explain(error)
    value = error.get("input")
    if "database_url" in error["loc"] or not isinstance(value, str | int | float | None):  # the value may hold a password
        return expected
    return f"{expected}, got {_brief(value)}"


def _brief(value: object) -> str:
    """A value in a form that people recognise, never longer than a line."""
    if isinstance(value, int) and abs(value) >= _HUGE:
        return "a number beyond all bounds"
    text = _AS_YAML.get(repr(value), repr(value))
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"


def to_plain(value: Any, left: Iterator[int] | None = None) -> Any:
    """Convert Invoke's proxies to plain dicts and lists, once, at the edge. Raises ConfigError for more values than anybody
    configures: a few lines of YAML aliases can stand for billions of values."""
    left = iter(range(_MOST_VALUES)) if left is None else left
    if next(left, None) is None:
        raise ConfigError(f"batchdrain: holds more than {_MOST_VALUES} values", remedy="remove the aliases from the file")
    if isinstance(value, Mapping) or hasattr(value, "keys"):
        return {str(key): to_plain(value[key], left) for key in value.keys()}  # noqa: SIM118 - a DataProxy is no Mapping
    if isinstance(value, list | tuple):
        return [to_plain(item, left) for item in value]
    return value


def leaves(model: type[BaseModel] = Settings, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every setting that an environment variable can name."""
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from leaves(inner, (*path, name))
        else:
            yield (*path, name)


def overlay(base: Tree, environ: Mapping[str, str]) -> list[str]:
    """Put the values of the environment over `base`. Returns a line for each variable of ours that names no setting."""
    known = {PREFIX + "_".join(path).upper(): path for path in leaves()}
    problems = []
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        if variable not in known:
            problems.append(f"{variable}: names no setting" + did_you_mean(variable, known))
            continue
        _put(base, known[variable], _from_text(known[variable], text))
    return problems


def _from_text(path: tuple[str, ...], text: str) -> Any:
    """Parse the text of a variable. A list is given as JSON or with commas, null as '', '~' or 'null'. Other values are left
    to the model."""
    model: Any = Settings
    for part in path[:-1]:
        model = model.model_fields[part].annotation
    field = model.model_fields[path[-1]]
    default = field.get_default()
    if text.strip().lower() in _NOTHING and NoneType in get_args(field.annotation):
        return None
    if isinstance(default, list) or path[-1] == "stuck_states":
        return split_list(text)
    return text_to_words(text) if path[:2] == ("source", "states") else text


def _join_lists(texts: list[str]) -> object:
    """Join the lists. If a text is no list, return it alone, for the model to refuse."""
    found: list[object] = []
    for text in texts:
        entries = split_list(text)
        if not isinstance(entries, list):
            return entries
        found += entries
    return found


def split_list(value: str) -> object:
    """The list that is given as JSON or with commas; the text itself if it is no list."""
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return [entry.strip() for entry in value.split(",") if entry.strip()]


def apply_profile(base: Tree, flag: object) -> None:
    """Put the values of a profile below those of `base`. `flag`: the profile that a flag names; None: use the one that `base`
    names."""
    name = flag if flag is not None else base.get("profile", "classic")
    for section, limits in PROFILES.get(str(name), {}).items():
        if not isinstance(limits, dict):
            base.setdefault(section, list(limits))
            continue
        own = base.get(section)
        if own is None or isinstance(own, dict):
            base[section] = {**limits, **(own or {})}


def _put(tree: Tree, path: tuple[str, ...], value: object) -> None:
    for part in path[:-1]:
        inner = tree.get(part)
        tree[part] = inner if isinstance(inner, dict) else {}
        tree = tree[part]
    tree[path[-1]] = value
