"""What is looked for in all of the product's sources: names that stand twice, circles, code that branches on words."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from tests.architecture import Reach

#: Django wants these to be called so.
GIVEN_NAMES = frozenset({"Command", "Media", "Meta"})
#: Looks up which sentence to show for which reason: that is what it is for.
WORDS = "payments/presentation/"


def repeated_classes(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Names of classes that more than one file defines, with the files."""
    where: dict[str, list[str]] = defaultdict(list)
    for path, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef) and node.name not in GIVEN_NAMES:
                where[node.name].append(path)
    return {name: paths for name, paths in where.items() if len(set(paths)) > 1}


def in_circles(sources: Mapping[str, str]) -> list[str]:
    """Modules that import each other in the end; imports for types only, and inside functions, count."""
    modules = {_module(path): source for path, source in sources.items()}
    wanted = {name: set(_imports(source, set(modules))) - {name} for name, source in modules.items()}
    # Whatever imports nothing that is left, and whatever nothing left imports, is in no circle.
    while True:
        used = Counter(other for others in wanted.values() for other in others)
        free = {name for name, others in wanted.items() if not others or not used[name]}
        if not free:
            return sorted(wanted)
        wanted = {name: others - free for name, others in wanted.items() if name not in free}


def branches_on_reason(path: str, source: str) -> Iterator[Reach]:
    """Every place that decides by what a row's reason says; whether there is one to show may be asked."""
    for node in ast.walk(ast.parse(source, filename=path)):
        for part in _conditions(node):
            if _is_reason(part) and not (path.startswith(WORDS) and isinstance(node, ast.Subscript)):
                yield Reach(path, part.lineno, "for a decision to a reason")
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for keyword in node.keywords:
                if (keyword.arg or "").startswith("reason__") or (keyword.arg == "reason" and name in LOOKUPS):
                    yield Reach(path, node.lineno, "for rows by their reason")


LOOKUPS = frozenset({"filter", "exclude", "get", "Q", "When", "get_object_or_404"})


def whole_rows(path: str, source: str) -> Iterator[Reach]:
    """Every row that is saved whole, so that what somebody else wrote since it was read is lost.

    A row that is new says so (`force_insert`), one that is there names its columns; `save` itself hands on what it got.
    """
    for node in ast.walk(ast.parse(source, filename=path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "save":
            named = {keyword.arg for keyword in node.keywords}
            if not named & {"force_insert", "update_fields", None}:
                yield Reach(path, node.lineno, "for a whole row")


def _conditions(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Compare():
            yield from (node.left, *node.comparators)
        case ast.Match():
            yield node.subject
        case ast.Subscript():
            yield node.slice
        case ast.Call(func=ast.Attribute(value=value)):
            yield value


def _is_reason(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "reason"


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imports(source: str, modules: set[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield from (name for name in (inner if inner in modules else node.module,) if name in modules)
