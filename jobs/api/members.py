"""`/api/members`: the people and organisations of our marketplace."""

from typing import Annotated, Final, Literal

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from jobs.api import work
from jobs.api.changes import CHANGE_PROBLEMS, Change, Changeable, IfMatch, leads_to_change, tagged
from jobs.api.work import After, Limit, PathNumber
from jobs.intake import keys
from jobs.intake.members import MemberIntake
from jobs.models import Member, WalletChange, WalletChangeState
from payments.api.leading_on import leads_to
from payments.api.once import once
from payments.api.problems import PROBLEMS
from payments.locking import lock

READS: Final = work.reads("jobs.view_member")
ADDS: Final = work.writes("jobs.add_member")
CHANGES: Final = work.writes("jobs.change_member")
#: Of a member, the change of their wallet that waits, if there is one.
WAITING: Final = "waiting_wallet_changes"
READ: Final = (
    "wallet",
    Prefetch(
        "wallet_changes",
        queryset=WalletChange.objects.filter(state=WalletChangeState.WAITING).select_related("after"),
        to_attr=WAITING,
    ),
)
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


class MemberChange(Change):
    """Another wallet than one that works waits for a second person: `waitingWalletAddressUrl`."""

    name: str = Field(default_factory=str, min_length=1, max_length=200)
    email: str = Field(default_factory=str, min_length=1, max_length=254)
    kind: Literal["person", "organisation"] = Field(default_factory=lambda: "person")
    language: Literal["en", "es"] = Field(default_factory=lambda: "en")
    walletAddressUrl: str = Field(default_factory=str, min_length=1, max_length=2000)  # noqa: N815


class MemberOut(Schema):
    """`walletIsReady`: it was looked up, and can pay and be paid. Names and email are empty once they were erased.

    `waitingWalletAddressUrl`: what is to be their wallet once a second person has confirmed it.
    """

    id: str
    name: str
    email: str
    kind: str
    language: str
    walletAddressUrl: str | None  # noqa: N815
    walletIsReady: bool  # noqa: N815
    waitingWalletAddressUrl: str | None  # noqa: N815


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
    rows = keys.members_of(email.replace("\0", "")) if email else Member.objects.all()
    shown, more = work.page(rows.prefetch_related(*READ), limit, after)
    return MembersPage(members=[_told(row) for row in shown], next=more)


@router.get(
    "/api/members/{member_id}",
    auth=READS,
    response={200: MemberOut, **PROBLEMS},
    openapi_extra=leads_to_change("member_id", "jobs_api_members_change_member"),
)
def show_member(request: HttpRequest, response: HttpResponse, member_id: PathNumber) -> MemberOut:  # noqa: ARG001
    """One of them."""
    return tagged(response, _told(work.one(Member.objects.prefetch_related(*READ), member_id)))


@router.patch(
    "/api/members/{member_id}",
    auth=CHANGES,
    response={200: MemberOut, **CHANGE_PROBLEMS},
    openapi_extra=leads_to_change("member_id", "jobs_api_members_change_member"),
)
def change_member(
    request: HttpRequest, response: HttpResponse, member_id: PathNumber, told: MemberChange, if_match: IfMatch
) -> MemberOut:
    """What is named, and as it was read. The earlier email is told of another one, and the member of another wallet."""
    row = work.one(Member.objects.all(), member_id)
    return tagged(response, _told(CHANGEABLE.change(request, row, if_match, told)))


@router.post(
    "/api/members",
    auth=ADDS,
    response={200: MemberOut, **PROBLEMS},
    openapi_extra=leads_to("member_id", "id", *GOES_ON),
)
@once
def add_member(request: HttpRequest, told: MemberIn) -> MemberOut:
    """Somebody new."""
    given = {"name": told.name, "email": told.email, "kind": told.kind, "language": told.language}
    made = work.make(request, MemberIntake, {**given, "wallet_text": told.walletAddressUrl}, NAMES)
    return _told(_read(made.pk))


def _read(pk: int) -> Member:
    return Member.objects.prefetch_related(*READ).get(pk=pk)


def _told(row: Member) -> MemberOut:
    wallet = row.wallet
    waiting: list[WalletChange] = getattr(row, WAITING)
    return MemberOut(
        id=str(row.pk),
        name=row.name,
        email=row.email,
        kind=row.kind,
        language=row.language,
        walletAddressUrl=wallet.url if wallet else None,
        walletIsReady=bool(wallet and wallet.is_known and not wallet.problem),
        waitingWalletAddressUrl=waiting[0].after.url if waiting else None,
    )


CHANGEABLE: Final = Changeable(MemberIntake, lambda pk: lock(Member.objects.prefetch_related(*READ), pk), _told, NAMES)
