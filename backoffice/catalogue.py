"""Translations without system tools.

`python -m backoffice.catalogue update` brings every `django.po` up to date; `compile` writes what Django reads.
Texts come from our code and templates, and from Unfold and django-q2, which ship no Spanish of their own.
"""

import io
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import django
import django_q
import import_export
import unfold
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract, extract_python
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
OUR_FOLDERS = ("backoffice", "jobs", "payments", "ledger", "templates")
# The sandbox wallet is a program for development, with a page of its own.
NOT_OURS = ("payments/sandbox",)
# What people see of other packages that have no Spanish: folders and files below each package's own folder.
FOREIGN_TEXTS = {
    unfold: ("templates", "contrib/filters", "contrib/forms", "contrib/import_export", "mixins", "*.py"),
    django_q: ("admin.py", "models.py", "apps.py"),
}
SPANISH_OF_OTHERS = {
    django: ("conf", "contrib/admin", "contrib/auth", "contrib/contenttypes", "contrib/sessions"),
    import_export: (".",),
}
# Texts of Django whose own Spanish takes everything for masculine ("El entrega … fue agregado"), says “tú” where
# we say “usted”, or has mistakes: we say them anew.
SAID_ANEW: tuple[str | tuple[str, str], ...] = (
    "Add another %(model)s",
    "Change selected %(model)s",
    "Delete selected %(model)s",
    "Delete selected %(verbose_name_plural)s",
    "View selected %(model)s",
    "View %s",
    "The {name} “{obj}” was added successfully.",
    "The {name} “{obj}” was added successfully. You may add another {name} below.",
    "The {name} “{obj}” was changed successfully.",
    "The {name} “{obj}” was changed successfully. You may add another {name} below.",
    "The {name} “{obj}” was changed successfully. You may edit it again below.",
    "The %(name)s “%(obj)s” was deleted successfully.",
    "Successfully deleted %(count)d %(items)s.",
    ("%(count)s %(name)s was changed successfully.", "%(count)s %(name)s were changed successfully."),
    "Select all %(total_count)s %(module_name)s",
    "Are you sure?",
    (
        'Are you sure you want to delete the %(object_name)s "%(escaped_object)s"?'
        " All of the following related items will be deleted:"
    ),
    (
        "Are you sure you want to delete the selected %(objects_name)s?"
        " All of the following objects and their related items will be deleted:"
    ),
    "No, take me back",
    "Yes, I\N{RIGHT SINGLE QUOTATION MARK}m sure",
    "Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
    "staff status",
)
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
Extracted = tuple[int, Any, list[str], str | None]


def extract_template(fileobj: Any, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Any]:
    """Babel's extraction method for Django templates, which `templatize` turns into something like Python."""
    text = templatize(fileobj.read().decode("utf-8"))
    # What is left of the markup keeps its indentation, which Python's tokenizer would refuse.
    code = "\n".join(line.strip() for line in text.splitlines())
    yield from extract_python(io.BytesIO(code.encode("utf-8")), keywords, comment_tags, options)


def messages_of(path: Path) -> Iterator[Extracted]:
    """Line, message (a pair for plurals), translators' comments and context of each text in one file."""
    method: str | Callable[..., Any] = "python" if path.suffix == ".py" else extract_template
    with path.open("rb") as fileobj:
        yield from extract(method, fileobj, KEYWORDS, ["Translators:"])


def current() -> Catalog:
    """Every text that this version can show and that no library translates well, without translations."""
    catalogue = Catalog(project="Tequio", charset="utf-8", fuzzy=False)
    for path in _our_files():
        relative = str(path.relative_to(ROOT))
        for line, message, comments, context in messages_of(path):
            catalogue.add(message, locations=[(relative, line)], auto_comments=comments, context=context)
    for package, path in _foreign_files():
        for _line, message, _comments, context in messages_of(path):
            key = (message if isinstance(message, str) else message[0], context)
            if catalogue.get(*key) is None and not _others_have(*key):
                catalogue.add(message, auto_comments=[f"From {package}"], context=context)
    for text in SAID_ANEW:
        catalogue.add(text, auto_comments=["From django"])
    return catalogue


def _our_files() -> Iterator[Path]:
    for folder in OUR_FOLDERS:
        for path in _texts_below(ROOT / folder):
            if not str(path.relative_to(ROOT)).startswith(NOT_OURS):
                yield path


def _texts_below(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".html", ".txt") and path.is_file())


def _foreign_files() -> Iterator[tuple[str, Path]]:
    for package, patterns in FOREIGN_TEXTS.items():
        for pattern in patterns:
            for found in sorted(_folder(package).glob(pattern)):
                for path in _texts_below(found) if found.is_dir() else [found]:
                    yield package.__name__, path


def _folder(package: ModuleType) -> Path:
    return Path(str(package.__file__)).parent


def _others_have(message: str, context: str | None) -> bool:
    return any(catalogue.get(message, context) is not None for catalogue in _spanish_of_others())


@cache
def _spanish_of_others() -> tuple[Catalog, ...]:
    paths = [
        _folder(package) / folder / "locale/es/LC_MESSAGES/django.mo"
        for package, folders in SPANISH_OF_OTHERS.items()
        for folder in folders
    ]
    return tuple(read_mo(io.BytesIO(path.read_bytes())) for path in paths)


def catalogue_paths() -> list[Path]:
    return sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po"))


def load(path: Path) -> Catalog:
    with path.open("rb") as fileobj:
        return read_po(fileobj, locale=path.parent.parent.name)


def update(path: Path) -> tuple[int, int]:
    """Writes the file anew; returns how many texts it has, and how many wait for a translation."""
    catalogue = load(path)
    catalogue.update(current(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = "Tequio"
    catalogue.revision_date = catalogue.creation_date
    with path.open("wb") as fileobj:
        # Line numbers and dates would change with every edit and make every merge a conflict.
        write_po(
            fileobj, catalogue, width=120, omit_header=False, include_lineno=False, sort_by_file=False, sort_output=True
        )
    waiting = [message for message in catalogue if message.id and not all(forms(message))]
    return len(catalogue), len(waiting)


def forms(message: Message) -> tuple[str, ...]:
    """The translation, one or more plural forms of it; an empty one is missing."""
    string = message.string
    return tuple(string) if isinstance(string, list | tuple) else (string or "",)


def compile_stale() -> None:
    """Writes each `django.mo` that is missing or older than its source; processes that do so at once do no harm."""
    for source in catalogue_paths():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with tempfile.NamedTemporaryFile(dir=source.parent, suffix=".tmp", delete=False) as fileobj:
            write_mo(fileobj, load(source))
        written = Path(fileobj.name)
        written.chmod(0o644)
        written.replace(target)


if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        for po in catalogue_paths():
            count, waiting_count = update(po)
            sys.stdout.write(f"{po.relative_to(ROOT)}: {count} texts, {waiting_count} without translation\n")
    elif sys.argv[1:] == ["compile"]:
        compile_stale()
    else:
        sys.exit("Say update or compile.")
