"""How a function becomes an Invoke task. `inv --list` imports this: nothing heavier than Invoke."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature
from typing import Any, Final

from invoke.tasks import task

from batchdrain.cli.tasks.flags import FLAGS

_CONTEXT: Final = Parameter("c", Parameter.POSITIONAL_OR_KEYWORD)


def command(body: Callable[..., int | None]) -> Any:
    """An Invoke task with the name of the function and the flags that the table has for it.

    `body` gets the Invocation and, by name, the values of the flags. There are no automatic short flags: they shadow
    Invoke's own.
    """
    flags = FLAGS[body.__name__]
    signature = Signature([_CONTEXT, *(flag.parameter for flag in flags)])

    @wraps(body)
    def run(*args: Any, **kwargs: Any) -> None:
        from batchdrain.cli.tasks.invoke_edge import run_command

        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        run_command(body, flags, bound.arguments.pop("c"), bound.arguments)

    run.__signature__ = signature  # type: ignore[attr-defined]
    lists = [flag.name for flag in flags if flag.is_list]
    return task(run, help={flag.name: flag.text for flag in flags}, iterable=lists, auto_shortflags=False)
