"""What the entries about people and work say; those about money are `payments.presentation.timeline_text`."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from django.core.exceptions import FieldDoesNotExist
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jobs.models import Job, Member, Organisation, Submission
from jobs.reasons import sentence
from ledger.api import TimelineRow
from payments.links import LinkUse
from payments.openpayments.amounts import Amount
from payments.presentation import timeline_text
from payments.presentation.format_amounts import format_amount
from payments.presentation.timeline_text import Sentence, Tone

#: Kind, or kind and event → words with names, words for when the names were erased, icon, tone.
WORDS: Final[Mapping[str, tuple[Promise, Promise, str, Tone]]] = {
    "job.created": (_("The job was created."), _("The job was created."), "add_circle", "neutral"),
    "job.changed": (_("The job was changed: %(changed)s."), _("The job was changed."), "edit", "neutral"),
    "job.recruiting": (_("The job was published: workers can apply."), _("The job was published."), "campaign", "info"),
    "job.selecting": (_("Workers are being selected."), _("Workers are being selected."), "how_to_reg", "info"),
    "job.submitting": (_("The work has started."), _("The work has started."), "construction", "info"),
    "job.reviewing": (_("All work is handed in."), _("All work is handed in."), "rate_review", "info"),
    "job.complete": (_("All work is accepted and paid."), _("All work is accepted and paid."), "task_alt", "good"),
    "job.recruiting.reopen": (
        _("The job was opened again: workers can apply."),
        _("The job was opened again."),
        "campaign",
        "info",
    ),
    "job.selecting.workers_found": (
        _("As many workers are selected as are wanted."),
        _("As many workers are selected as are wanted."),
        "how_to_reg",
        "info",
    ),
    "job.selecting.recruiting_over": (
        _("The time to apply is over. Workers are being selected."),
        _("The time to apply is over."),
        "how_to_reg",
        "info",
    ),
    "job.reviewing.handing_in_over": (
        _("The time to hand in is over. What was handed in is reviewed."),
        _("The time to hand in is over."),
        "rate_review",
        "info",
    ),
    "job.expired.nobody_came": (
        _("The job expired: nobody applied in time."),
        _("The job expired: nobody applied in time."),
        "timer_off",
        "warn",
    ),
    "job.expired.nobody_selected": (
        _("The job expired: nobody was selected."),
        _("The job expired: nobody was selected."),
        "timer_off",
        "warn",
    ),
    "job.expired.nothing_handed_in": (
        _("The job expired: no work was handed in in time."),
        _("The job expired: no work was handed in in time."),
        "timer_off",
        "warn",
    ),
    "job.expired.nothing_accepted": (
        _("The job expired: no work was accepted."),
        _("The job expired: no work was accepted."),
        "timer_off",
        "warn",
    ),
    "job.expired": (_("The job expired."), _("The job expired."), "timer_off", "warn"),
    "job.canceled": (_("The job was canceled."), _("The job was canceled."), "cancel", "warn"),
    "job.funded": (_("The money for this job is settled."), _("The money for this job is settled."), "paid", "good"),
    "job.unfunded": (
        _("Not all of the money for this job is there any more: it needs more money, or other workers."),
        _("Not all of the money for this job is there any more: it needs more money, or other workers."),
        "money_off",
        "warn",
    ),
    "job.money_released": (
        _("That payment ended without money, so it can be asked for again."),
        _("That payment ended without money, so it can be asked for again."),
        "lock_open",
        "neutral",
    ),
    "job.payment_requested": (
        _("%(payer)s is to pay %(amount)s to %(receiver)s."),
        _("%(amount)s is to be paid."),
        "request_quote",
        "info",
    ),
    "job.payment_requested.part": (
        _("%(payer)s is to pay a part to %(receiver)s: %(amount)s. %(left)s stays owed."),
        _("A part is to be paid: %(amount)s. %(left)s stays owed."),
        "request_quote",
        "info",
    ),
    "job.fee_requested": (
        _("%(payer)s is to pay the platform fee of %(amount)s to %(receiver)s."),
        _("The platform fee of %(amount)s is to be paid."),
        "percent",
        "info",
    ),
    "job.worker_paid": (
        _("All of a payment to a worker has arrived."),
        _("All of a payment to a worker has arrived."),
        "paid",
        "good",
    ),
    "job.fee_dropped": (
        _("Nothing of the platform fee is taken for workers who are not paid."),
        _("Nothing of the platform fee is taken for workers who are not paid."),
        "percent",
        "neutral",
    ),
    "job.payment_refused": (
        _("The payment could not be asked for."),
        _("The payment could not be asked for."),
        "block",
        "warn",
    ),
    "application.created": (_("%(worker)s applied."), _("Somebody applied."), "person_add", "neutral"),
    "application.selected": (_("%(worker)s was selected."), _("A worker was selected."), "how_to_reg", "good"),
    "application.rejected": (
        _("%(worker)s was not selected."),
        _("A worker was not selected."),
        "person_off",
        "neutral",
    ),
    "submission.created": (_("%(worker)s handed in work."), _("Work was handed in."), "upload_file", "info"),
    "submission.changed": (
        _("The work of %(worker)s was changed: %(changed)s."),
        _("Handed-in work was changed: %(changed)s."),
        "edit",
        "neutral",
    ),
    "submission.accepted": (_("The work of %(worker)s was accepted."), _("Work was accepted."), "task", "good"),
    "submission.rejected": (
        _("The work of %(worker)s was rejected."),
        _("Work was rejected."),
        "assignment_return",
        "warn",
    ),
    "member.created": (_("%(name)s was added."), _("A member was added."), "person_add", "neutral"),
    "member.changed": (
        _("%(name)s was changed: %(changed)s."),
        _("A member was changed: %(changed)s."),
        "edit",
        "neutral",
    ),
    "member.organisation_changed": (
        _("The organisation %(name)s was changed: %(changed)s."),
        _("An organisation was changed: %(changed)s."),
        "apartment",
        "neutral",
    ),
    "member.note_written": (
        _("%(name)s wrote from their page: “%(words)s”"),
        _("Somebody wrote from their page."),
        "chat",
        "warn",
    ),
    "member.note_handled": (
        _("The note of %(name)s was seen to."),
        _("A note was seen to."),
        "mark_chat_read",
        "neutral",
    ),
    "member.email_changed": (
        _("The email address of %(name)s changed from %(before)s to %(after)s. The earlier one was told."),
        _("The email address changed. The earlier one was told."),
        "alternate_email",
        "warn",
    ),
    "member.shown_link_used": (
        _("Through the copy of the link that %(who)s of the staff was shown: %(did)s."),
        _("Through a copy of the link that was shown to staff: %(did)s."),
        "link",
        "warn",
    ),
    "member.data_exported": (
        _("A file of all that is known of this member was made."),
        _("A file of all that is known of this member was made."),
        "folder_zip",
        "warn",
    ),
    "member.statements_switched": (
        _("Monthly statements by email were switched on or off, on their own page."),
        _("Monthly statements by email were switched on or off, on their own page."),
        "event_repeat",
        "neutral",
    ),
    "member.erased": (
        _("The personal data of this member was erased."),
        _("The personal data of this member was erased."),
        "person_remove",
        "warn",
    ),
    "member.link_revoked": (
        _("The links to this member's page were revoked."),
        _("The links to this member's page were revoked."),
        "link_off",
        "warn",
    ),
    "member.wallet_change_proposed": (
        _("The wallet of %(name)s is to change from “%(before)s” to “%(after)s”. A second person must confirm it."),
        _("The wallet is to change from “%(before)s” to “%(after)s”. A second person must confirm it."),
        "account_balance_wallet",
        "warn",
    ),
    "member.wallet_change_confirmed": (
        _("A second person confirmed the new wallet of %(name)s."),
        _("A second person confirmed the new wallet."),
        "verified_user",
        "good",
    ),
    "member.wallet_change_refused": (
        _("The new wallet of %(name)s was refused: “%(before)s” stays. Why: “%(words)s”"),
        _("The new wallet was refused: “%(before)s” stays."),
        "block",
        "warn",
    ),
    "member.wallet_change_superseded": (
        _("Another wallet was proposed for %(name)s instead of “%(after)s”."),
        _("Another wallet was proposed instead of “%(after)s”."),
        "account_balance_wallet",
        "neutral",
    ),
    "member.wallet_changed": (
        _("The wallet address of %(name)s changed from “%(before)s” to “%(after)s”."),
        _("The wallet address changed from “%(before)s” to “%(after)s”."),
        "account_balance_wallet",
        "warn",
    ),
}

#: Fields that stand for several columns.
FORM_FIELDS: Final[Mapping[str, Promise]] = {
    "budget_text": _("budget per worker"),
    "currency": _("currency"),
    "wallet_text": _("wallet address"),
}


def describe(row: TimelineRow) -> Sentence:
    """`row` as one plain sentence in the reader's language, whichever room recorded it."""
    return describe_own(row) or timeline_text.describe(row)


def describe_own(row: TimelineRow) -> Sentence | None:
    """The sentence of an entry that this room recorded; None for any other."""
    known = WORDS.get(f"{row.kind}.{row.data.get('event')}") or WORDS.get(row.kind)
    if known is None:
        return None
    words, without_names, icon, tone = known
    told = {**{name: _told(value) for name, value in row.data.items()}, **row.private}
    if told.get("did") in LinkUse.values:
        told["did"] = str(LinkUse(told["did"]).label)
    try:
        text = str(words) % told
    except KeyError:
        text = str(without_names) % told
    return Sentence(text=text, detail=_why(row), icon=icon, tone=tone)


def _told(value: object) -> str:
    if isinstance(value, Mapping) and "assetCode" in value:
        return format_amount(Amount.from_wire(dict(value)))
    if isinstance(value, list):
        return ", ".join(_label(str(name)) for name in value)
    return str(value)


def _label(field: str) -> str:
    """What the form calls a field."""
    if field in FORM_FIELDS:
        return str(FORM_FIELDS[field])
    for model in (Job, Member, Organisation, Submission):
        with suppress(FieldDoesNotExist):
            return str(getattr(model._meta.get_field(field), "verbose_name", field))  # noqa: SLF001 - Django's public name
    return field


def _why(row: TimelineRow) -> str:
    reason = row.data.get("reason")
    if not reason:
        return ""
    return sentence(str(reason), {"name": "…", **row.data.get("reason_params", {}), **row.private})
