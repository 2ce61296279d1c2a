"""Finds what reaches upward: imports, and strings that name a model, function, page or template of an upper room."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOMS = ("ledger", "payments", "jobs", "backoffice")
# Everything that may not be used, by where the file lies; the longest prefix that matches decides.
OUTSIDE_THE_PROTOCOL = ("django", "django_q", "unfold", "import_export", "ledger", "jobs", "backoffice")
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "ledger": ("payments", "jobs", "backoffice"),
    "payments": ("jobs", "backoffice"),
    "payments/openpayments": (*OUTSIDE_THE_PROTOCOL, "payments"),
    "payments/sandbox": (*OUTSIDE_THE_PROTOCOL, "payments"),
    "jobs": ("backoffice",),
    "backoffice": (),
}
# The ground floor may use itself, and the sandbox the ground floor.
ALLOWED: dict[str, tuple[str, ...]] = {
    "payments/openpayments": ("payments.openpayments",),
    "payments/sandbox": ("payments.sandbox", "payments.openpayments"),
}


@dataclass(frozen=True)
class Reach:
    """One place that reaches where it may not."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} reaches {self.what}"


def place(path: str) -> str:
    """The room, or the floor inside it, that a path belongs to."""
    places = [name for name in FORBIDDEN if path == name or path.startswith(f"{name}/")]
    return max(places, key=len)


def upward(path: str, source: str) -> Iterator[Reach]:
    """Every reach of one Python file (`path` is relative to the root) into a room that it may not know."""
    here = place(path)
    tree = ast.parse(source, filename=path)
    for node in ast.walk(tree):
        for name in _imported(node, path):
            if _forbidden(here, name):
                yield Reach(path, getattr(node, "lineno", 0), f"the module {name}")
    prose = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            for what in _named(here, node.value):
                yield Reach(path, node.lineno, what)


def upward_in_template(path: str, text: str) -> Iterator[Reach]:
    """Every reach of a template into an upper room; it belongs to the first room that its path names."""
    here = next((part for part in Path(path).parts if part in ROOMS), None)
    if here is None:
        return
    for line, content in enumerate(text.splitlines(), start=1):
        for quoted in re.findall(r"""["']([^"']+)["']""", " ".join(re.findall(r"{%.*?%}", content))):
            for what in _named(here, quoted):
                yield Reach(path, line, what)


def _forbidden(here: str, name: str) -> bool:
    if any(_within(name, allowed) for allowed in ALLOWED.get(here, ())):
        return False
    return any(_within(name, forbidden) for forbidden in FORBIDDEN[here])


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _imported(node: ast.AST, path: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = list(Path(path).parent.parts)
        base = package[: len(package) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        yield from (f"{module}.{alias.name}" for alias in node.names)


def _docstrings(tree: ast.AST) -> set[int]:
    """Docstrings are prose: they may name the house."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                found.add(id(first.value))
    return found


def _named(here: str, text: str) -> Iterator[str]:
    """What a string names in an upper room; a sentence that mentions jobs names nothing."""
    for room in FORBIDDEN[here]:
        if room not in ROOMS or any(text.startswith(allowed) for allowed in ALLOWED.get(here, ())):
            continue
        name = re.escape(room)
        if re.fullmatch(rf"{name}(\.\w+)+", text):
            yield f"the name {text!r}"
        elif re.fullmatch(rf"(\w+:)?{name}[_:][a-z_:]+", text):
            yield f"the page {text!r}"
        elif re.fullmatch(rf"(templates/)?(admin/)?{name}/\S+", text):
            yield f"the file {text!r}"
        elif text == room:
            yield f"the room {text!r}"
