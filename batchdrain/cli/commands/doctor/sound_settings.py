"""The settings that the doctor uses if some of them can't be read."""

from __future__ import annotations

from batchdrain.cli.commands.trust import require_own_files, require_own_names
from batchdrain.cli.invocation import Invocation
from batchdrain.config.settings import Settings
from batchdrain.config.sound_part import load_sound_part
from batchdrain.model.errors import ConfigError


def load_what_is_sound(invocation: Invocation) -> tuple[Settings, set[str]]:
    """The settings without those that can't be read, so that the rest is checked too, and the places of these."""
    settings, lost = load_sound_part(invocation.section, invocation.environ)
    try:
        require_own_names(invocation)
        require_own_files(invocation, settings)
    except ConfigError:  # code that no drain would import is not imported here either
        return settings.model_copy(update={"policy": Settings().policy, "engine": Settings().engine}), lost | {
            "policy",
            "engine",
        }
    return settings, lost
