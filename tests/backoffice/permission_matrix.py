"""Who can do what, found by trying every address of the site as everybody: what `docs/permissions.md` tells.

python -m tests.backoffice.permission_matrix --write docs/permissions.md
"""

import argparse
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from unittest import mock

import django
from django.test.utils import get_runner, override_settings

if __name__ == "__main__":
    from tests import environment  # noqa: F401 - must run before the settings are read

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    django.setup()

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import Client, RequestFactory

from backoffice import roles
from backoffice.admin_site import BackofficeAdminSite
from tests.backoffice.every_page import Address, House, addresses, furnish

PAGE: Final = Path("docs/permissions.md")
NO_ROLE, SUPERUSER = "no role", "superuser"
#: Who works here, in the order of the columns.
STAFF: Final = (*roles.EXACT, SUPERUSER, NO_ROLE)
#: Who does not, or no more: for all of them an address of the admin is a door.
OTHERS: Final = ("not staff", "switched off", "nobody")
#: How somebody comes to an address: around each request, with what they write.
Visit = Callable[[], AbstractContextManager[dict[str, str]]]
#: Nothing that these do may change anything.
READERS: Final = (roles.AUDITOR, NO_ROLE, *OTHERS)
#: How somebody comes in is theirs to change, and leaves entries.
OWN: Final = ("admin/login/", "admin/sign-in/", "admin/password_change/")
#: Pages that take no POST, or answer it as a GET: nothing can be done there.
READ: Final = frozenset({"changelist", "history", "preview", "status", "file", "proof", "note"})
READ_ELSEWHERE: Final = frozenset(
    {"admin:index", "admin:search", "admin:app_list", "admin:jsi18n", "admin:autocomplete", "admin:view_on_site"}
    | {"admin:password_change_done", "health", "approve-status", "statement", "finish"}
    | {"admin:reports", "admin:report", "admin:figures", "admin:where_is_money"}
    | {f"admin:overview_{name}" for name in ("payments", "funders", "workers", "quality")}
    | {f"admin:{name}_status" for name in ("index", "to_do", "waiting")}
)


class Cell(StrEnum):
    ACT = "acts"
    READ = "reads"
    REFUSED = "no"
    DOOR = "sign-in"
    KEY = "needs a key"
    NOTHING = "nothing there"


@dataclass(frozen=True)
class Matrix:
    """For each address, and each bulk action of a list, what it is for whom."""

    rows: dict[Address, dict[str, Cell]]
    bulk: dict[str, dict[str, Cell]]
    readers_changed_something: bool


def people() -> dict[str, User | AnonymousUser]:
    """One of each."""
    found: dict[str, User | AnonymousUser] = {SUPERUSER: User.objects.create_superuser("root")}
    for name in (*roles.EXACT, NO_ROLE):
        found[name] = person = User.objects.create_user(name.replace(" ", "-"), is_staff=True)
        person.groups.set(Group.objects.filter(name=name))
    found["not staff"] = User.objects.create_user("member")
    found["switched off"] = User.objects.create_user("gone", is_staff=True, is_superuser=True)
    found["nobody"] = AnonymousUser()
    return found


def signed_in(person: User | AnonymousUser) -> Client:
    client = Client()
    if isinstance(person, User):
        client.force_login(person)
        if person.username == "gone":
            User.objects.filter(pk=person.pk).update(is_active=False)
    return client


def matrix(house: House, who: Mapping[str, User | AnonymousUser]) -> Matrix:
    """Every address asked for, and written to, by everybody. What that changes is undone after each; not of readers."""
    rows: dict[Address, dict[str, Cell]] = {address: {} for address in addresses()}
    clients = {name: signed_in(person) for name, person in who.items()}
    for name in who.keys() - READERS:
        for address, cells in rows.items():
            cells[name] = cell(clients[name], house, address, _as_other)
    before = fingerprint()
    for name in READERS:
        for address, cells in rows.items():
            cells[name] = cell(clients[name], house, address, _as_reader)
        _mark_rows(house, clients[name], who[SUPERUSER])
    return Matrix(rows, _bulk(who), fingerprint() != before)


def fingerprint() -> str:
    """Of every row of every table, but for what visitors leave, whoever they are."""
    models = [model for model in apps.get_models() if model._meta.label != "sessions.Session"]
    rows = [list(model._default_manager.order_by("pk").values_list()) for model in models]
    return sha256(repr(rows).encode()).hexdigest()


def _mark_rows(house: House, client: Client, root: User | AnonymousUser) -> None:
    """Try every bulk action of every list, and its parameters, which open no list that is closed."""
    for address in addresses():
        if address.part != "changelist" or address.model is None:
            continue
        path = house.path(address)
        for action in admin.site._registry[address.model].get_actions(as_if(root)):
            chosen = {"action": action, "_selected_action": house.keys[address.model]}
            client.post(path, {**chosen, "confirmed": "1", "post": "yes"})
        if client.get(path).status_code == 403:
            for query in ("?_popup=1", "?_to_field=id", "?q=a", "?e=1"):
                assert client.get(path + query).status_code == 403


def as_if(person: User | AnonymousUser) -> HttpRequest:
    """A request of theirs, for what only asks who it is."""
    request = RequestFactory().get("/")
    request.user = person
    return request


@contextmanager
def _as_reader() -> Iterator[dict[str, str]]:
    """What they write stays, if any does; it is all that forms and dialogs could want."""
    yield {"_form_submitted": "on", "name": "x", "post": "yes", "_save": "1", "_popup": "1"}


@contextmanager
def _as_other() -> Iterator[dict[str, str]]:
    """What they write is undone, and too little for a dialog, so that no wallet is asked."""
    with transaction.atomic():
        yield {"nothing": "of use"}
        transaction.set_rollback(True)


def cell(client: Client, house: House, address: Address, visit: Visit) -> Cell:
    if address.name == "admin:logout":
        return Cell.ACT
    path = path_of(house, address)
    visit = _as_other if address.route.startswith(OWN) else visit
    with visit():
        read = client.get(path)
    reads_only = address.part in READ or address.name in READ_ELSEWHERE or not address.name
    with visit() as form:
        written = client.post(path, form) if not reads_only or visit is _as_reader else read
    if HTTPStatus.UNAUTHORIZED in (read.status_code, written.status_code):
        return Cell.KEY
    if not reads_only and written.status_code not in (403, 404, 405) and not _is_door(written):
        return Cell.ACT
    match read.status_code:
        case 403:
            return Cell.REFUSED
        case 404 | 405:
            return Cell.NOTHING
        case 302 if _is_door(read):
            return Cell.DOOR
    # 409: a download that is not there yet.
    assert read.status_code < 400 or read.status_code == 409, (path, read.status_code)
    return Cell.READ


def path_of(house: House, address: Address) -> str:
    if address.name == "admin:autocomplete":
        return house.path(address) + "?app_label=jobs&model_name=job&field_name=funder&term=maria"
    return house.path(address)


def _is_door(answer: Any) -> bool:
    return answer.status_code == 302 and "/login/" in answer["Location"]


def _bulk(who: Mapping[str, User | AnonymousUser]) -> dict[str, dict[str, Cell]]:
    """What can be done with marked rows of a list."""
    found: dict[str, dict[str, Cell]] = {}
    for name in STAFF:
        request = as_if(who[name])
        for model, page in admin.site._registry.items():
            offered = page.get_actions(request) if page.has_view_permission(request) else {}
            for action in offered:
                found.setdefault(f"{model._meta.label_lower}: {action}", {})[name] = Cell.ACT
    return found


@contextmanager
def unwritten() -> Iterator[None]:
    """Who gets a page is decided before it is written; without writing it, and a log of refusals, it takes a fifth."""

    def quiet(_response: SimpleTemplateResponse) -> str:
        return ""

    def rendered(*_args: object, **_kwargs: object) -> HttpResponse:
        return HttpResponse()

    with (
        mock.patch.object(SimpleTemplateResponse, "rendered_content", property(quiet)),
        mock.patch("unfold.decorators.render", rendered),
        mock.patch.object(BackofficeAdminSite, "each_context", return_value={}),
    ):
        logging.disable()
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)


# The page


def page(found: Matrix, root: User | AnonymousUser) -> str:
    lines = [
        "# Who can do what",
        "",
        "*Written by `python -m tests.backoffice.permission_matrix --write docs/permissions.md`, from what happens",
        "when every address of the site is opened, and written to, by everybody. A test keeps it true.*",
        "",
        *_roles(root),
        "",
        *_links(),
        "",
        *_bulk_table(found),
        "",
        *_addresses(found),
    ]
    return "\n".join(lines) + "\n"


def _roles(root: User | AnonymousUser) -> Iterator[str]:
    yield "## Roles"
    yield ""
    yield "A superuser may do all of it. Everybody in a role reads the books: members, jobs, payments, the outbox,"
    yield "the ledger. Who works here without a role sees nothing but the overview's frame. Nobody raises themselves,"
    yield "or decides on what they proposed (`payments/second_person.py`); only a superuser edits a superuser."
    yield ""
    yield from _head("May", roles.EXACT)
    found = Permission.objects.select_related("content_type").order_by("content_type__app_label", "codename")
    for permission in found:
        may = [roles.may(role, permission) for role in roles.EXACT]
        if any(may) and _says_something(permission, root):
            words = permission.name.removeprefix("Can ")
            yield f"| {words} | " + " | ".join("yes" if one else "" for one in may) + " |"


def _says_something(permission: Permission, root: User | AnonymousUser) -> bool:
    """Not what all roles have, and not what Django made for rows that no page adds or changes."""
    kind, _underscore, _name = permission.codename.partition("_")
    named = f"{permission.content_type.app_label}.{permission.codename}"
    if any(named in listed for listed in roles.EXACT.values()) or kind not in ("add", "change", "view"):
        return True
    model = permission.content_type.model_class()
    of_rows = admin.site._registry.get(model) if model else None
    return kind != "view" and of_rows is not None and bool(getattr(of_rows, f"has_{kind}_permission")(as_if(root)))


def _links() -> Iterator[str]:
    yield "## Links that act"
    yield ""
    yield "Whoever has one may do what it is for, without signing in. Mails carry them. Staff are shown them by this:"
    yield ""
    yield "| Link | What it does | Shown to |"
    yield "| --- | --- | --- |"
    ask = "who may ask for payments (`payments.request_paymentrequest`)"
    yield f"| `/approve/…` | leads the payer to their wallet; declines; stops a budget | {ask} |"
    yield f"| `/prove/…` | leads the owner of a wallet to it, to prove that it is theirs | {ask} |"
    yield f"| `/f/…` | a funder's own page: stops an approval | {ask} and change members |"
    yield "| `/no-mail/…` | stops reminders, or summaries, to whom it was mailed | nobody: its reader has it |"
    yield "| `/w/…` | a worker's own page: proposes a wallet, writes a note | who may change members |"
    yield ""
    yield "A copy that staff are shown is marked with who they are, and its page says so. What is done through it has"
    yield "an entry of its own (`….shown_link_used`); the payer is told when it was declined; a wallet that was asked"
    yield "for through it is not confirmed by them. It ends with their access."


def _bulk_table(found: Matrix) -> Iterator[str]:
    yield "## With marked rows of a list"
    yield ""
    yield from _head("List and action", STAFF)
    for name, cells in sorted(found.bulk.items()):
        yield f"| `{name}` | " + " | ".join(cells.get(who, Cell.REFUSED) for who in STAFF) + " |"


def _addresses(found: Matrix) -> Iterator[str]:
    yield "## Every address"
    yield ""
    yield f"*{Cell.ACT}*: opens it and may press its button; *{Cell.READ}*: looks; *{Cell.REFUSED}*: refused (403)."
    yield f"*{Cell.KEY}*: for programs, whoever is signed in ([how](api.md))."
    yield "Who is not staff, is switched off, or has not signed in, is led to the sign-in, except by links that act."
    yield ""
    yield from _head("Address", (*STAFF, "everybody else"))
    for address, cells in found.rows.items():
        others = {cells[who] for who in OTHERS}
        told = [*(cells[who] for who in STAFF), " / ".join(sorted(others))]
        yield f"| `/{_readable(address.route)}` | " + " | ".join(told) + " |"


def _readable(route: str) -> str:
    return route.replace("path:", "").replace("str:", "").replace("|", "\\|")


def _head(first: str, columns: Any) -> Iterator[str]:
    yield f"| {first} | " + " | ".join(columns) + " |"
    yield "| --- |" + " --- |" * len(columns)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, default=PAGE)
    target = parser.parse_args().write
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with override_settings(ALLOWED_HOSTS=["testserver"]), unwritten(), transaction.atomic():
            who = people()
            target.write_text(page(matrix(furnish(), who), who[SUPERUSER]), encoding="utf-8")
            transaction.set_rollback(True)
    finally:
        runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
