"""Whether the machinery runs: the worker, mail, webhooks, wallet hosts, the ledger and its checkpoint, the switch."""

from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Literal

from django.db.models import Count
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_q.models import OrmQ

from backoffice.dashboard.links import may_see, rows
from backoffice.health import queue
from ledger import clock, days
from ledger.api import Comparison, backlog, compare_checkpoint
from ledger.models import Entry
from ledger.stamps import short
from payments.models import LedgerCheck, Message, Pause, WalletHost, WebhookDelivery
from payments.models.messages import MessageState
from payments.models.webhooks import DeliveryState

Tone = Literal["good", "warn", "bad"]

#: The sealer comes by every second; what waits longer than this says that it doesn't.
SEALING_SECONDS = 120
#: Mail that was not delivered within these business days is told of.
MAIL_DAYS = 7
REFUSED = "queue.refused"
#: What the queue refused within these business days is told of.
REFUSED_DAYS = 7

CHECKPOINT: dict[Comparison, tuple[Tone, str | Promise]] = {
    Comparison.SAME: ("good", gettext_lazy("The signed checkpoint outside the database agrees.")),
    Comparison.AHEAD: ("good", gettext_lazy("The signed checkpoint outside the database agrees.")),
    Comparison.BEHIND: ("bad", gettext_lazy("The database is older than its signed checkpoint: it was restored.")),
    Comparison.DIVERGED: ("bad", gettext_lazy("The database has another history than was signed for.")),
    Comparison.MISSING: ("warn", gettext_lazy("The checkpoint outside the database is missing.")),
    Comparison.OFF: ("warn", gettext_lazy("No signed checkpoint is kept outside the database.")),
}


TONES: tuple[Tone, ...] = ("good", "warn", "bad")
#: The rest failed less often.
SHOWN_HOSTS = 3
#: The rest is what `manage.py verify_ledger` says.
SHOWN_FAULTS = 3
CHECKED: dict[str, str | Promise] = {
    LedgerCheck.Extent.QUICK: gettext_lazy(
        "Open payments, limits and people were compared with it on %(when)s (rows: %(rows)s)."
    ),
    LedgerCheck.Extent.WHOLE: gettext_lazy("All of it was checked on %(when)s (entries: %(entries)s, rows: %(rows)s)."),
}
NEVER_CHECKED: dict[str, str | Promise] = {
    LedgerCheck.Extent.QUICK: gettext_lazy("Open payments, limits and people were never compared with it yet."),
    LedgerCheck.Extent.WHOLE: gettext_lazy("All of it was never checked yet: that is done every night."),
}


@dataclass(frozen=True)
class Fact:
    """One sentence, and where its rows are."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class SystemPart:
    title: str
    icon: str
    tone: Tone
    facts: list[Fact] = field(default_factory=list)


@dataclass(frozen=True)
class Machinery:
    """`troubled` parts want somebody; all others are told in one line, and what they say when it is opened."""

    troubled: list[SystemPart]
    calm: list[SystemPart]


def machinery(request: HttpRequest) -> Machinery:
    found = parts(request)
    return Machinery([part for part in found if part.tone != "good"], [part for part in found if part.tone == "good"])


def parts(request: HttpRequest) -> list[SystemPart]:
    """What the person may know of; whether a worker is there, and wallets answer, concerns everybody."""
    found = [_worker(request), _hosts()]
    if may_see(request, Message):
        found.append(_mail())
    if may_see(request, WebhookDelivery):
        found.append(_webhooks())
    if may_see(request, Entry):
        found.append(_ledger())
    if may_see(request, Pause):
        found.append(_pauses())
    return found


def _worker(request: HttpRequest) -> SystemPart:
    state = queue()
    alive = bool(state["workers"])
    facts = [Fact(_("A worker is running.") if alive else _("No worker is running: nothing moves, no mail is sent."))]
    if may_see(request, OrmQ):
        waiting = int(state["waiting"])
        text = ngettext("%(count)s task in the queue.", "%(count)s tasks in the queue.", waiting)
        facts.append(Fact(text % {"count": waiting}, rows(OrmQ)))
    if refused := _refused_lately(request):
        facts.append(refused)
    return SystemPart(_("Background work"), "engineering", "good" if alive and not refused else "bad", facts)


def _refused_lately(request: HttpRequest) -> Fact | None:
    """What was in the queue and is none of our tasks: somebody else can write to the database."""
    first = days.begins(days.today() - timedelta(days=REFUSED_DAYS - 1)).astimezone(UTC)
    refused = Entry.objects.filter(kind=REFUSED, recorded_at__gte=first).count()
    if not refused:
        return None
    text = ngettext(
        "%(count)s task in 7 days was none of this program's, and was refused.",
        "%(count)s tasks in 7 days were none of this program's, and were refused.",
        refused,
    )
    # The list tells moments in UTC.
    since = {"recorded_at_from_0": f"{first:%Y-%m-%d}", "recorded_at_from_1": f"{first:%H:%M:%S}"}
    link = rows(Entry, kind=REFUSED, **since) if may_see(request, Entry) else ""
    return Fact(text % {"count": refused}, link)


def _mail() -> SystemPart:
    first = (days.today() - timedelta(days=MAIL_DAYS - 1)).isoformat()
    lately = Message.objects.filter(
        state__in=[MessageState.QUEUED, MessageState.FAILED],
        created_at__gte=days.begins(days.today() - timedelta(days=MAIL_DAYS - 1)),
    )
    counts = dict(lately.order_by().values_list("state").annotate(Count("pk")))
    waiting, lost = counts.get(MessageState.QUEUED, 0), counts.get(MessageState.FAILED, 0)
    facts = []
    if lost:
        text = ngettext(
            "%(count)s message was not delivered in 7 days.", "%(count)s messages were not delivered in 7 days.", lost
        )
        facts.append(Fact(text % {"count": lost}, _messages(MessageState.FAILED, first)))
    if waiting:
        text = ngettext("%(count)s message waits.", "%(count)s messages wait.", waiting)
        facts.append(Fact(text % {"count": waiting}, _messages(MessageState.QUEUED, first)))
    return SystemPart(
        _("Mail"),
        "outgoing_mail",
        "bad" if lost else "good",
        facts or [Fact(_("All mail of the last 7 days is sent."), rows(Message, created_at_from=first))],
    )


def _messages(state: MessageState, first: str) -> str:
    return rows(Message, state__exact=state.value, created_at_from=first)


def _webhooks() -> SystemPart:
    first = days.today() - timedelta(days=MAIL_DAYS - 1)
    lost = WebhookDelivery.objects.filter(state=DeliveryState.FAILED, created_at__gte=days.begins(first)).count()
    since = {"created_at_from": first.isoformat()}
    if not lost:
        calm = Fact(_("No webhook of the last 7 days was given up."), rows(WebhookDelivery, **since))
        return SystemPart(_("Webhooks"), "webhook", "good", [calm])
    text = ngettext("%(count)s webhook was given up in 7 days.", "%(count)s webhooks were given up in 7 days.", lost)
    link = rows(WebhookDelivery, state__exact=DeliveryState.FAILED.value, **since)
    return SystemPart(_("Webhooks"), "webhook", "bad", [Fact(text % {"count": lost}, link)])


def _hosts() -> SystemPart:
    """Those that workers leave alone for now, because they failed several times in a row."""
    left = WalletHost.objects.filter(closed_until__gt=clock.now()).order_by("-failures", "host")
    hosts = list(left.values_list("host", "failures")[: SHOWN_HOSTS + 1])
    facts = [
        Fact(
            ngettext("%(host)s failed %(count)s time in a row.", "%(host)s failed %(count)s times in a row.", failures)
            % {"host": host, "count": failures}
        )
        for host, failures in hosts[:SHOWN_HOSTS]
    ]
    if len(hosts) > SHOWN_HOSTS:
        facts.append(Fact(_("So did others.")))
    calm = [Fact(_("Every wallet is asked: none failed again and again."))]
    return SystemPart(_("Wallets' hosts"), "dns", "warn" if facts else "good", facts or calm)


def _ledger() -> SystemPart:
    waiting = backlog()
    tone, checkpoint = CHECKPOINT[compare_checkpoint()]
    if waiting.entries:
        late = waiting.lag > timedelta(seconds=SEALING_SECONDS)
        tone = "bad" if late or tone == "bad" else tone
        text = ngettext(
            "%(count)s entry waits for its seal.", "%(count)s entries wait for their seals.", waiting.entries
        )
        sealing = Fact(text % {"count": waiting.entries}, rows(Entry, sealed="no"))
    else:
        sealing = Fact(_("Every entry is sealed."), rows(Entry))
    facts = [sealing, Fact(str(checkpoint))]
    for kind in LedgerCheck.Extent:
        found, told = _check(kind)
        tone = max(tone, found, key=TONES.index)
        # The box's first line is the loud one.
        facts = [*told, *facts] if found == "bad" else [*facts, *told]
    return SystemPart(_("Ledger"), "menu_book", tone, facts)


def _check(kind: LedgerCheck.Extent) -> tuple[Tone, list[Fact]]:
    """When it last ran to its end, and the first of what it found."""
    last = LedgerCheck.objects.filter(kind=kind, finished_at__isnull=False).first()
    if last is None:
        return "warn", [Fact(str(NEVER_CHECKED[kind]))]
    text = CHECKED[kind] % {"when": short(last.finished_at), "rows": last.rows, "entries": last.entries}
    if not last.faults:
        return "good", [Fact(text)]
    count = ngettext("%(count)d fault was found.", "%(count)d faults were found.", last.faults)
    shown = [Fact(finding.sentence()) for finding in last.findings[:SHOWN_FAULTS]]
    return "bad", [Fact(count % {"count": last.faults}), *shown, Fact(text)]


def _pauses() -> SystemPart:
    on = Pause.objects.filter(ended_at=None).count()
    text = ngettext("%(count)s pause is on.", "%(count)s pauses are on.", on) % {"count": on}
    return SystemPart(
        _("New payments"),
        "pause_circle" if on else "play_circle",
        "warn" if on else "good",
        [Fact(text if on else _("Nothing is paused."), rows(Pause, condition="on") if on else rows(Pause))],
    )
