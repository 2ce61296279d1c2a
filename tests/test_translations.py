"""English and Spanish, complete: each text in code and templates has a translation that fits it."""

import re
from collections.abc import Iterator

from babel.messages.catalog import Catalog, Message

from backoffice import catalogue

PLACEHOLDERS = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*(?:![rsa])?(?::[^{}]*)?\}|</?\w+")

ROOMS = ("backoffice", "jobs", "payments", "ledger")
#: A text to be translated, inside of an f-string.
HIDDEN = re.compile(r"""\bf"[^"\n]*\{n?_?_\('""")


def test_every_text_is_translated_and_fits() -> None:
    """`make messages` brings new texts into the catalogue; who adds a text translates it there."""
    wanted = catalogue.current()
    faults = [fault for path in catalogue.catalogue_paths() for fault in faults_of(catalogue.load(path), wanted)]
    assert not faults, f"{len(faults)} texts need a hand (`make messages` first):\n" + "\n".join(faults)


def faults_of(translations: Catalog, wanted: Catalog) -> Iterator[str]:
    for message in wanted:
        if not message.id:
            continue
        translated = translations.get(message.id, message.context)
        if fault := fault_of(translated):
            where = ", ".join(path for path, _line in message.locations) or ", ".join(message.auto_comments)
            yield f"{translations.locale}: {message.id!r} ({where}): {fault}"


def fault_of(message: Message | None) -> str:
    """What is wrong with one translation, or nothing."""
    if message is None:
        return "not in the catalogue"
    if message.fuzzy:
        return "fuzzy"
    originals = message.id if isinstance(message.id, list | tuple) else (message.id,)
    for form in catalogue.forms(message):
        if not form:
            return "not translated"
        # One form may leave out the number: "one job" has no place for it.
        if not any(placeholders(form) == placeholders(original) for original in originals):
            return "other placeholders or tags than the original"
    return ""


def placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDERS.findall(text.replace("%%", "")))


def test_no_text_hides_from_the_catalogue() -> None:
    """Babel reads no call inside an f-string: such a text would be English for everybody."""
    sources = (path for room in ROOMS for path in (catalogue.ROOT / room).rglob("*.py"))
    assert not [str(path) for path in sources if HIDDEN.search(path.read_text(encoding="utf-8"))]
    assert HIDDEN.search("""f"{why} {_('Nothing was sent.')}" """)


def test_the_check_sees_what_does_not_fit() -> None:
    assert fault_of(None) == "not in the catalogue"
    assert fault_of(Message("Save", "")) == "not translated"
    assert fault_of(Message("Save", "Guardar", flags=["fuzzy"])) == "fuzzy"
    assert fault_of(Message("Pay %(name)s", "Pagar a %(nombre)s")).startswith("other placeholders")
    assert fault_of(Message("Pay {name}", "Pagar")).startswith("other placeholders")
    assert fault_of(Message(("one job", "%(n)s jobs"), ("un trabajo", "%(n)s trabajos"))) == ""
    assert fault_of(Message("Save", "Guardar")) == ""
