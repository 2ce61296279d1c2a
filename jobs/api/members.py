"""`/api/members`: the people and organisations of our marketplace."""

from typing import Annotated, Final, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from jobs.api import work
from jobs.api.work import After, Limit, PathNumber
from jobs.intake import keys
from jobs.intake.members import MemberIntake
from jobs.models import Member
from payments.api.leading_on import leads_to
from payments.api.once import once
from payments.api.problems import PROBLEMS

READS: Final = work.reads("jobs.view_member")
WRITES: Final = work.writes("jobs.add_member")
NAMES: Final = {"wallet_text": "walletAddressUrl"}
GOES_ON: Final = ("jobs_api_members_show_member",)
router = Router(tags=["members"])


class MemberIn(Schema):
    """Nobody has the same `email`: by it a member is known. A wallet is looked up afterwards."""

    name: str = Field(min_length=1, max_length=200)
    email: str = Field(min_length=1, max_length=254)
    kind: Literal["person", "organisation"] = "person"
    language: Literal["en", "es"] = "en"
    walletAddressUrl: str = Field("", max_length=2000)  # noqa: N815 - as programs write it


class MemberOut(Schema):
    """`walletIsReady`: it was looked up, and can pay and be paid. Names and email are empty once they were erased."""

    id: str
    name: str
    email: str
    kind: str
    language: str
    walletAddressUrl: str | None  # noqa: N815
    walletIsReady: bool  # noqa: N815


class MembersPage(Schema):
    """Newest first. `next` is the `after` of the next page; null on the last."""

    members: list[MemberOut]
    next: str | None


Email = Annotated[str | None, Query(None, max_length=254)]


@router.get(
    "/api/members",
    auth=READS,
    response={200: MembersPage, **PROBLEMS},
    openapi_extra=leads_to("member_id", "members/0/id", *GOES_ON),
)
def list_members(request: HttpRequest, limit: Limit, after: After, email: Email) -> MembersPage:  # noqa: ARG001
    """All members, or the one of this email."""
    rows = keys.members_of(email.replace("\0", "")) if email else Member.objects.select_related("wallet")
    shown, more = work.page(rows, limit, after)
    return MembersPage(members=[_told(row) for row in shown], next=more)


@router.get("/api/members/{member_id}", auth=READS, response={200: MemberOut, **PROBLEMS})
def show_member(request: HttpRequest, member_id: PathNumber) -> MemberOut:  # noqa: ARG001
    """One of them."""
    return _told(work.one(Member.objects.select_related("wallet"), member_id))


@router.post(
    "/api/members",
    auth=WRITES,
    response={200: MemberOut, **PROBLEMS},
    openapi_extra=leads_to("member_id", "id", *GOES_ON),
)
@once
def add_member(request: HttpRequest, told: MemberIn) -> MemberOut:
    """Somebody new. Who is there already is changed in the back office."""
    given = {"name": told.name, "email": told.email, "kind": told.kind, "language": told.language}
    return _told(work.make(request, MemberIntake, {**given, "wallet_text": told.walletAddressUrl}, NAMES))


def _told(row: Member) -> MemberOut:
    wallet = row.wallet
    return MemberOut(
        id=str(row.pk),
        name=row.name,
        email=row.email,
        kind=row.kind,
        language=row.language,
        walletAddressUrl=wallet.url if wallet else None,
        walletIsReady=bool(wallet and wallet.is_known and not wallet.problem),
    )
