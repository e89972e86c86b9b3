"""Turns a function into an Invoke task. `inv --list` imports this, so it imports nothing heavier than Invoke."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature
from typing import Any, Final

from invoke.parser.argument import Argument
from invoke.tasks import Task

from batchdrain.cli.tasks.called_as import mount_of
from batchdrain.cli.tasks.examples import to_help
from batchdrain.cli.tasks.flag import Flag
from batchdrain.cli.tasks.flags import FLAGS

_CONTEXT: Final = Parameter("c", Parameter.POSITIONAL_OR_KEYWORD)


class FlagArgument(Argument):
    """A flag as Invoke's parser knows it. Copying is cheap, since Invoke copies every flag of every task before it reads the
    first word of a call."""

    def __init__(self, flag: Flag) -> None:
        kind: type = bool if not flag.kind else list if flag.is_list else str
        default: Any = False if kind is bool else [] if kind is list else flag.default
        name = flag.name.replace("_", "-")
        attribute = None if name == flag.name else flag.name
        super().__init__(names=(name,), kind=kind, default=default, help=flag.text, attr_name=attribute)

    def __deepcopy__(self, memo: dict[int, Any]) -> FlagArgument:
        twin = FlagArgument.__new__(FlagArgument)
        twin.__dict__.update(self.__dict__)
        if self.kind is list:
            twin.raw_value = twin._value = [*(self._value or ())]  # noqa: SLF001 - of our own kind
        return twin


class FlagTask(Task[Any]):
    """A task whose flags come from the table of flags, not from its function's signature."""

    flags: tuple[Flag, ...] = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> FlagTask:
        """Copy the task cheaply, since Invoke copies every task that it mounts. The parts of a task are never changed."""
        twin = FlagTask.__new__(FlagTask)
        twin.__dict__.update(self.__dict__)
        return twin

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:  # noqa: ARG002 - Invoke's signature
        """The flags, which Invoke asks a task for."""
        return [FlagArgument(flag) for flag in self.flags]


def command(body: Callable[..., int | None]) -> Any:
    """Make an Invoke task with the name of the function and the flags that the table has for it.

    `body` gets the Invocation and, by name, the values of the flags. There are no automatic short flags, since they would
    hide Invoke's own.
    """
    flags = FLAGS[body.__name__.rstrip("_")]  # `continue_` is called so because `continue` is a keyword
    signature = Signature([_CONTEXT, *(flag.parameter for flag in flags)], __validate_parameters__=False)

    @wraps(body)
    def run(*args: Any, **kwargs: Any) -> None:
        from batchdrain.cli.tasks.invoke_edge import run_command

        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        run_command(body, flags, bound.arguments.pop("c"), bound.arguments)

    name = body.__name__.rstrip("_")
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__doc__ = to_help(body.__doc__ or "", name.replace("_", "-"), mount_of(sys.argv))
    made = FlagTask(run, name=name, positional=(), auto_shortflags=False)
    made.flags = flags
    return made
