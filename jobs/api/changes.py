"""`PATCH`: what is there is changed by the form of the back office, and only as the program has seen it.

An answer about one row has an `ETag`, which is another one whenever anything that is told of the row is. Who changes
the row sends it back as `If-Match` (RFC 9110, 13.1.1): what somebody else wrote meanwhile is not lost, and what is sent
twice is done once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any, Final, Generic, TypeVar

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.http import parse_etags, quote_etag
from django.utils.translation import gettext as _
from ninja import Header, Schema
from pydantic import ConfigDict

from jobs.api.work import Row, not_kept
from jobs.intake.rows import IntakeForm
from payments.actions import api_keys
from payments.api import acts
from payments.api.keys import key_of
from payments.api.problems import PROBLEMS, ApiProblem, Problem

Told = TypeVar("Told", bound=Schema)
SEEN: Final = "The ETag of what is changed, as it was read."
IfMatch = Annotated[str | None, Header(None, alias="If-Match", description=SEEN)]
CHANGE_PROBLEMS: Final = {**PROBLEMS, 412: Problem, 428: Problem}
_ETAG: Final = {"ETag": {"description": "For If-Match, when this is changed.", "schema": {"type": "string"}}}


class Change(Schema):
    """What is left out stays as it is."""

    # A word that is misspelt would be left out, and nobody would notice.
    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Changeable(Generic[Row]):
    """Rows of one sort: their form, how one is locked (with what its answer needs), and how it is told."""

    form: type[IntakeForm[Row]]
    locked: Callable[[int], Row]
    told: Callable[[Row], Schema]
    names: Mapping[str, str]  # of the form's fields, as programs call them

    def change(self, http: HttpRequest, row: Row, seen: str | None, wanted: Change) -> Row:
        """`row` with what is `wanted` of it, as long as it still is what was `seen`. Raises ApiProblem."""
        ours = {theirs: ours for ours, theirs in self.names.items()}
        given = {ours.get(name, name): value for name, value in wanted.model_dump(exclude_unset=True).items()}
        tags = parse_etags(seen or "")
        if not tags or tags == ["*"]:
            words = _("Say what was seen: send the ETag of a GET as If-Match.")
            raise ApiProblem(HTTPStatus.PRECONDITION_REQUIRED, "if_match_missing", words)
        try:
            return self._change(http, row.pk, tags, given)
        except IntegrityError:
            # Somebody made the same at the same moment. It is there by now, and the form says so.
            return self._change(http, row.pk, tags, given)

    def _change(self, http: HttpRequest, pk: int, tags: list[str], given: Mapping[str, Any]) -> Row:
        key, changed = key_of(http), list[str]()

        def act() -> Row:
            row = self.locked(pk)
            if etag_of(self.told(row)) not in tags:
                words = _("This has changed since it was read, so nothing was done. Read it again.")
                raise ApiProblem(HTTPStatus.PRECONDITION_FAILED, "changed_meanwhile", words)
            filled = self.form.of_part(given, row)
            if not filled.is_valid():
                raise not_kept(filled.errors.as_data(), self.names)
            changed.extend(self.names.get(name, name) for name in filled.changed_data)
            filled.keep(by=key.acts_for)
            return self.locked(pk)

        def tell(row: Row) -> None:
            if changed:
                api_keys.tell_used(key, {self.form.subject: str(row.pk)}, {"changed": sorted(changed)})

        return acts.done(key, {self.form.subject: str(pk)}, act, tell)


def etag_of(told: Schema) -> str:
    return quote_etag(sha256(told.model_dump_json().encode()).hexdigest()[:32])


def tagged(response: HttpResponse, told: Told) -> Told:
    """What is `told`, once `response` says by which ETag it can be changed."""
    response["ETag"] = etag_of(told)
    return told


def leads_to_change(parameter: str, operation: str) -> dict[str, Any]:
    """For `openapi_extra` of an answer that is `tagged`: `operation` changes the row of the path's `parameter`."""
    found = {f"path.{parameter}": "$response.body#/id", "header.If-Match": "$response.header.ETag"}
    link = {"operationId": operation, "parameters": found}
    return {"responses": {200: {"headers": _ETAG, "links": {operation: link}}}}
