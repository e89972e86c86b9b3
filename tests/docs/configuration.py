"""docs/configuration.md, from the schema that the settings export: what it does not say, the page does not say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from batchdrain.config.profiles import PROFILES
from batchdrain.config.secret_names import ANYWHERE, PARTS
from batchdrain.config.settings import Settings

Schema = Mapping[str, Any]
_HEAD: Final = """# Configuration

<!-- Made by `python -m tests.docs.generate` from the settings model. Edit the descriptions there. -->

This page lists every setting. Settings come from three places, and later places override earlier ones:

1. the section `batchdrain:` of `invoke.yaml`, and of the other files that Invoke merges with it;
2. environment variables `INVOKE_BATCHDRAIN_…`;
3. flags of a task; [flags.md](flags.md) says which flag sets which key.

`inv init` writes a section for your database. `inv doctor` checks all settings and reports every problem at once.

```yaml
batchdrain:
  batch_size: 25
  command:
    argv: ["{python}", -m, myproject.work, "--run-id={run_id}", "--phase-id={phase_id}"]
  timeout: {default_s: 20m}
```

- An unknown key is an error, and the message suggests the key that you probably meant.
- The name of a variable is the path of the key, joined by underscores: `INVOKE_BATCHDRAIN_TIMEOUT_DEFAULT_S=90`. Write a
  list as JSON or with commas, and an empty value as `null`. [A list of words](tables.md#words) must be JSON.
- A duration is a number of seconds, or a text such as `90s`, `10m` or `1h`. The longest duration is one year.
- YAML reads a bare `yes`, `no`, `on` or `off` as true or false. Quote such a word if you mean a text.
- Relative paths start at the folder of `tasks.py`. `~` and `~user` at the beginning of a path are home folders, also in
  the URL of a SQLite file, in the program of a command, and in files that flags name. Variables (`$HOME`, `${X}`, `%X%`)
  are not replaced in paths, so a path that contains one is refused.
- Code (the path of a policy or an engine) can be named only in a file, never in a variable. Only you and root may be able
  to write the file that names the code and the files that are imported. This includes compiled code, links and folders
  on the way to these files, and all further imports. A group in which you are the only member counts as you.
- A settings file is refused (78) if its YAML aliases expand to more than 100 000 values or refer to themselves.
- Put a password into `DATABASE_URL` or into the file of the driver (`.pgpass`), not into `invoke.yaml`.

`Settings.model_json_schema()` (from `batchdrain`) exports the settings as a JSON Schema, for an editor that checks YAML.
"""
_SECRETS: Final = """## Secrets

These secrets are removed from every text that batchdrain shows or stores:

- the value of an environment variable whose name contains {anywhere}, or one of these words between underscores: {parts};
- the secret inside such a value, if the value holds more than the secret: `user:secret`, `Bearer secret`, cookies, fields
  that are named as secrets in JSON, the path of a URL;
- the password in a URL or connection string of any variable, and in any URL inside a text;
- every option in the URL of the database that is not a known option of the driver. `inv doctor` shows it as `***`.

These values are not removed: values of fewer than 6 characters, common words (`true`, `required`), paths (`…_FILE`, `…_DIR`)
and counts (`…_LENGTH`, `…_TTL`). [promises.md](promises.md) lists the forms in which a secret is found.
"""
_PROFILES: Final = """## Profiles

A profile (`profile`, or `--profile`) is a named set of limits, with an order that suits them. Your own settings override
those of the profile. An empty cell means the default in the tables above. [choosing.md](choosing.md#profiles) says when to
use which profile.
"""


def page() -> str:
    schema = Settings.model_json_schema()
    secrets = _SECRETS.format(anywhere=_listed(ANYWHERE), parts=_listed(PARTS))
    parts = [_HEAD, *_sections(schema, schema, ()), secrets, _PROFILES + "\n" + _profiles()]
    return "\n".join(parts)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _sections(schema: Schema, model: Schema, path: tuple[str, ...]) -> Iterator[str]:
    """A table of the model's own keys, then one for each section within it."""
    inner = {name: _resolved(schema, of) for name, of in model["properties"].items() if "$ref" in of}
    rows = [_row((*path, name), of) for name, of in model["properties"].items() if name not in inner]
    title = f"`{'.'.join(path)}`" if path else "Keys directly below `batchdrain:`"
    says = "" if not path else f"{model['description']}\n\n"
    yield f"## {title}\n\n{says}| key | default | takes | means |\n|---|---|---|---|\n" + "".join(rows)
    for name, of in inner.items():
        yield from _sections(schema, of, (*path, name))


def _resolved(schema: Schema, of: Schema) -> Schema:
    found: Schema = schema["$defs"][of["$ref"].rpartition("/")[2]]
    return found


def _row(path: tuple[str, ...], of: Schema) -> str:
    says = re.sub(r"docs/([\w-]+\.md)", r"[\1](\1)", of["description"])
    return f"| `{'.'.join(path)}` | {_value(of['default'])} | {_takes(path[-1], of)} | {says} |\n"


def _value(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value:
        return f"`{value}`"
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return f"`[{', '.join(value)}]`"
    return f"`{json.dumps(value)}`"


def _takes(name: str, of: Schema) -> str:
    """What a value may be, in words."""
    if "x-takes" in of:
        return str(of["x-takes"])
    if "anyOf" in of or "oneOf" in of:
        return " or ".join(dict.fromkeys(_takes(name, one) for one in of.get("anyOf") or of["oneOf"]))
    if "enum" in of:
        return ", ".join(f"`{word}`" for word in of["enum"])
    kind = of.get("type", "object" if "$ref" in of else "")
    if kind == "array":
        return f"list of {_takes('', of['items'])}".replace(" or ", "s or ") + "s"
    if kind == "number" and name.endswith("_s"):
        return "duration" if "gt" in of or "exclusiveMinimum" in of else "duration, or 0"
    plain = {"string": "text", "boolean": "`true` or `false`", "object": "mapping", "null": "null"}
    if kind in plain:
        return plain[kind]
    return {"integer": "whole number", "number": "number"}[kind] + _bounds(of)


def _bounds(of: Schema) -> str:
    least, above = of.get("minimum", of.get("ge")), of.get("exclusiveMinimum", of.get("gt"))
    most = of.get("maximum", of.get("le"))
    said = [f" from {least:g}"] if least is not None else [f" above {above:g}"] if above is not None else []
    return "".join(said) + (f" to {most:.15g}" if most is not None else "")


def _profiles() -> str:
    """A row for each key that a profile sets."""
    flat = {name: dict(_flat(limits)) for name, limits in PROFILES.items()}
    keys = list(dict.fromkeys(key for limits in flat.values() for key in limits))
    head = f"| key | {' | '.join(f'`{name}`' for name in flat)} |\n|---|{'---|' * len(flat)}\n"
    return head + "".join(f"| `{key}` | {' | '.join(limits.get(key, '') for limits in flat.values())} |\n" for key in keys)


def _flat(limits: Mapping[str, dict[str, object] | list[object]]) -> Iterator[tuple[str, str]]:
    for section, given in limits.items():
        if isinstance(given, dict):
            yield from ((f"{section}.{key}", _value(value)) for key, value in given.items())
        else:
            yield section, f"`[{', '.join(_entry(entry) for entry in given)}]`"


def _entry(entry: object) -> str:
    """As YAML has it on one line."""
    if not isinstance(entry, dict):
        return str(entry)
    return (
        "{"
        + ", ".join(f"{key}: {value if isinstance(value, str) else json.dumps(value)}" for key, value in entry.items())
        + "}"
    )
