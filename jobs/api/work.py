"""What the operations on members, jobs, applications and submissions share: whose they are, making, deciding, paging.

A row is made by the same form as in the back office (`jobs.intake`), a decision is that of `jobs.decisions`: both by
the person for whom the key acts, with an entry beside that names the key.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query
from pydantic import WithJsonSchema

from jobs.intake.rows import IntakeForm
from jobs.models import Application, Job, Member, Submission
from ledger.api import timeline
from payments.actions import api_keys
from payments.api import acts
from payments.api.keys import Bearer, key_of
from payments.api.once import form_id
from payments.api.problems import ApiProblem, not_found
from payments.api.shapes import MOST, USUAL
from payments.models import ApiKey, ApiScope

Row = TypeVar("Row", Member, Job, Application, Submission)
#: Digits that every database takes.
NUMBER: Final = r"^[0-9]{1,18}$"
Number = Annotated[str, Field(pattern=NUMBER)]
#: Checked by the page itself, so that a path that can be no number is not found, like one that is nobody's.
PathNumber = Annotated[str, WithJsonSchema({"type": "string", "pattern": NUMBER})]
After = Annotated[str | None, Query(None, pattern=NUMBER)]
Limit = Annotated[int, Query(USUAL, ge=1, le=MOST)]
#: Of an entry: which POST it answers.
FORM: Final = "api_form"


class WorkBearer(Bearer):
    """For the keys of our own marketplace alone: members and jobs are ours, and another one's are never here."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        key = super().authenticate(request, token)
        if key.marketplace_id:
            words = _("Members and jobs are our own marketplace's: another one's key has no part in them.")
            raise ApiProblem(HTTPStatus.FORBIDDEN, "not_permitted", words)
        return key


def reads(*permissions: str) -> WorkBearer:
    return WorkBearer(ApiScope.READ_WORK, *permissions)


def writes(*permissions: str) -> WorkBearer:
    return WorkBearer(ApiScope.WRITE_WORK, *permissions)


def one(rows: QuerySet[Row], pk: str) -> Row:
    """Raises ApiProblem where there is none of this id."""
    is_number = pk.isascii() and pk.isdecimal() and len(pk) <= 18  # noqa: PLR2004 - as `NUMBER`
    found = rows.filter(pk=pk).first() if is_number else None
    if found is None:
        raise not_found()
    return found


def page(rows: QuerySet[Row], limit: int, after: str | None) -> tuple[list[Row], str | None]:
    """The newest `limit` of them that are behind `after`, and what to ask for the next ones."""
    if after:
        rows = rows.filter(pk__lt=after)
    found = list(rows.order_by("-pk")[: limit + 1])
    shown = found[:limit]
    return shown, str(shown[-1].pk) if len(found) > limit else None


def make(http: HttpRequest, form: type[IntakeForm[Row]], given: Mapping[str, Any], names: Mapping[str, str]) -> Row:
    """A new row of what is `given` to its form; `names` are what programs call the fields. Raises ApiProblem."""

    def keep() -> Row:
        filled = form.of_part(given)
        if not filled.is_valid():
            raise not_kept(filled.errors.as_data(), names)
        return filled.keep(by=key_of(http).acts_for)

    try:
        return _once(http, form.subject, form._meta.model, {}, keep)  # noqa: SLF001 - Django's public name
    except IntegrityError:
        # Somebody made the same at the same moment. It is there by now, and the form says so.
        return _once(http, form.subject, form._meta.model, {}, keep)  # noqa: SLF001 - Django's public name


def decide(http: HttpRequest, name: str, row: Row, act: Callable[[], Row]) -> Row:
    """Let `act` decide about `row`, which entries call `name`. Raises Refusal."""
    return _once(http, name, type(row), {name: str(row.pk)}, act)


def _once(http: HttpRequest, name: str, model: type[Row], about: Mapping[str, str], act: Callable[[], Row]) -> Row:
    """What `act` gives; or gave, when its answer was lost: then an entry tells that it was done."""
    key, form = key_of(http), form_id(http)
    for entry in timeline([(FORM, form)], 1):
        done: Row = model._default_manager.get(pk=entry.subjects[name][0])  # noqa: SLF001 - Django's public name
        return done

    def tell(made: Row) -> None:
        api_keys.tell_used(key, {name: str(made.pk), FORM: form}, {})

    return acts.done(key, about, act, tell)


def not_kept(errors: Mapping[str, list[ValidationError]], names: Mapping[str, str]) -> ApiProblem:
    """What a form found wrong: each sentence beside what it is about, with its code."""
    mistakes = [
        {"where": [] if field == NON_FIELD_ERRORS else [names.get(field, field)], "code": each.code, "what": words}
        for field, found in errors.items()
        for each in found
        for words in each.messages
    ]
    words = _("This can't be kept as it is, so nothing was. The details say why.")
    return ApiProblem(HTTPStatus.UNPROCESSABLE_ENTITY, "not_kept", words, mistakes=mistakes)
