"""What the queue may run: the public functions of the task modules that the rooms named, and nothing else.

Whoever can write to the database can put a row into the queue's tables. So a name that stands there is looked up here
before anything is imported.
"""

from collections.abc import Mapping
from importlib import import_module
from types import FunctionType

_modules: set[str] = set()
_seconds: dict[str, int] = {}


def allow_tasks_of(module: str, seconds: Mapping[str, int] | None = None) -> None:
    """Let the queue run the public functions that `module` (dotted, such as `payments.tasks`) defines itself.

    `seconds` says of a function by its name how long it may take, where that is longer than any other may.
    """
    _modules.add(module)
    _seconds.update({f"{module}.{name}": most for name, most in (seconds or {}).items()})


def seconds_for(path: str) -> int | None:
    """How long the task `path` may take; None for as long as any."""
    return _seconds.get(path)


def is_allowed(path: object) -> bool:
    """Whether `path` (dotted) names such a function; what a task module merely imports is none of its tasks."""
    if not isinstance(path, str):
        return False
    module, _, name = path.rpartition(".")
    if module not in _modules or name.startswith("_"):
        return False
    found = vars(import_module(module)).get(name)
    return isinstance(found, FunctionType) and found.__module__ == module
