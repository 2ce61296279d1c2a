"""What entries of the ledger are about, as links to the pages of the rows, by the names that the rows have now.

The ledger itself has kinds and ids only. A name that was erased is erased in its row, too, so none comes back here.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from payments.models.titles import shown_title


@dataclass(frozen=True)
class SubjectKind:
    """`model` is its `app_label.model_name`; `name` the column, or the path to one, by which people know a row.

    `said` makes what readers are told of that column and of the columns `besides`.
    """

    model: str
    name: str
    besides: tuple[str, ...] = ()
    said: Callable[..., str] = str


KINDS: Final[Mapping[str, SubjectKind]] = {
    "api_key": SubjectKind("payments.apikey", "name"),
    "application": SubjectKind("jobs.application", "worker__name"),
    "chart": SubjectKind("payments.accountname", "pk"),
    "closing": SubjectKind("ledger.closing", "pk"),
    "budget": SubjectKind("payments.standingbudget", "request__payer_name"),
    "export": SubjectKind("backoffice.export", "pk"),
    "glass": SubjectKind("payments.brokenglass", "title"),
    "grant": SubjectKind("payments.grant", "pk"),
    "incoming": SubjectKind("payments.incomingpayment", "pk"),
    "job": SubjectKind("jobs.job", "title"),
    "limit": SubjectKind("payments.secondpersonrule", "pk"),
    "marketplace": SubjectKind("payments.marketplace", "name"),
    "member": SubjectKind("jobs.member", "name"),
    "message": SubjectKind("payments.message", "to_name"),
    "outgoing": SubjectKind("payments.outgoingpayment", "pk"),
    "paid_outside": SubjectKind("payments.outsidepayment", "receiver_name"),
    "pause": SubjectKind("payments.pause", "pk"),
    "payment": SubjectKind("payments.payment", "receiver_name"),
    "proof_limit": SubjectKind("payments.prooflimit", "pk"),
    "proposal": SubjectKind("payments.proposal", "pk"),
    "quote": SubjectKind("payments.quote", "pk"),
    "request": SubjectKind("payments.paymentrequest", "title", ("title_made_of",), shown_title),
    "risk_level": SubjectKind("payments.risksetting", "pk"),
    "role": SubjectKind("auth.group", "name"),
    "seller": SubjectKind("payments.seller", "name"),
    "source": SubjectKind("ledger.statementsource", "name"),
    "submission": SubjectKind("jobs.submission", "application__worker__name"),
    "user": SubjectKind("auth.user", "username"),
    "wallet": SubjectKind("payments.walletaddress", "url"),
    "webhook": SubjectKind("payments.webhookendpoint", "name"),
    "webhook_delivery": SubjectKind("payments.webhookdelivery", "pk"),
    "webhook_sender": SubjectKind("payments.webhooksender", "name"),
}

#: Rows that have no page of their own are called what their models are called.
WITHOUT_PAGE: Final[Mapping[str, str]] = {
    "draw": "payments.draw",
    "funding": "jobs.jobfunding",
    "key": "payments.sellerkey",
    "organisation": "jobs.organisation",
    "outside": "payments.outsidesettlement",
    "outside_payout": "jobs.outsidepayout",
    "payout": "jobs.payout",
    "period": "payments.budgetperiod",
    "proof": "payments.walletproof",
    "refund": "payments.refund",
    "risk_override": "payments.riskoverride",
    "statement": "ledger.statementimport",
    "wallet_change": "jobs.walletchange",
}
#: What programs asked for beside a row that people know.
OF_PROGRAMS: Final[Mapping[str, Promise]] = {
    "api_ask": gettext_lazy("request by a program"),
    "incoming_ask": gettext_lazy("money that a program expects"),
}

#: Kind and id of a thing, as entries have them.
About = tuple[str, str]


def links_of(subjects: Iterable[About], request: HttpRequest) -> dict[About, SafeString]:
    """Each as a link, or as plain words where there is no page of it for the person who asks; one query per kind."""
    by_kind: dict[str, set[str]] = defaultdict(set)
    for kind, identity in subjects:
        by_kind[kind].add(identity)
    return {
        (kind, identity): _link(kind, identity, names)
        for kind, ids in by_kind.items()
        for names in (_names(kind, ids, request),)
        for identity in ids
    }


def joined(links: Iterable[SafeString]) -> SafeString:
    return format_html_join("", '<span class="tequio-about">{}</span>', ((link,) for link in links)) or SafeString("-")


def _names(kind: str, ids: set[str], request: HttpRequest) -> dict[str, str]:
    """By id, of the rows that are there and that the person may look at."""
    known = KINDS.get(kind)
    if known is None:
        return {}
    page = _page_of(kind)
    if not page.has_view_permission(request):
        return {}
    possible = [identity for identity in ids if _can_be_key(page, identity)]
    rows = page.model._default_manager.filter(pk__in=possible).values_list("pk", known.name, *known.besides)  # noqa: SLF001 - Django's name
    return {str(pk): known.said(*columns) for pk, *columns in rows}


def _page_of(kind: str) -> Any:
    return admin.site.get_model_admin(apps.get_model(KINDS[kind].model))


def _can_be_key(page: Any, identity: str) -> bool:
    try:
        page.opts.pk.to_python(identity)
    except ValidationError:
        return False
    return True


def _called(kind: str) -> str | Promise:
    """What readers call such a row; of a kind that nobody named, its code."""
    if kind in OF_PROGRAMS:
        return OF_PROGRAMS[kind]
    model = KINDS[kind].model if kind in KINDS else WITHOUT_PAGE.get(kind)
    return apps.get_model(model)._meta.verbose_name if model else kind  # noqa: SLF001 - Django's public name


def _link(kind: str, identity: str, names: dict[str, str]) -> SafeString:
    if identity not in names:
        return format_html("{} {}", _called(kind), identity)
    address = reverse(f"admin:{KINDS[kind].model.replace('.', '_')}_change", args=[identity])
    words = '{} <a href="{}" title="{}">{}</a>'
    return format_html(words, _page_of(kind).opts.verbose_name, address, identity, names[identity])
