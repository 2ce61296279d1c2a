"""Which columns of this room's rows the ledger vouches for, and why nobody does for the others."""

# ruff: noqa: S608 - names of the program's own tables

from typing import Final

from ledger.api import EVERY, leave, vouch
from payments import models
from payments.states import FINISHED_PAYMENTS

WORDS: Final = "Words for people, which no code reads."
WRITTEN: Final = "When the row was last written: whatever is written besides would show."
TRIES: Final = "How often, and when to try again: at worst a wallet is asked too often or late."
MAIL_LANGUAGE: Final = "The language of mails, which the payer's own page also sets."
LOOKED: Final = "When somebody last asked the wallet."
CLOCKS: Final = "A time that the wallet gave: at worst it is asked at the wrong time, and refuses."

OPEN_REQUEST: Final = "finished_at IS NULL"
_ENDED: Final = ", ".join(f"'{state.value}'" for state in sorted(FINISHED_PAYMENTS))
OPEN_PAYMENT: Final = f"state NOT IN ({_ENDED})"
_OF_OPEN_REQUESTS: Final = f"request_id IN (SELECT id FROM payments_paymentrequest WHERE {OPEN_REQUEST})"
_OF_OPEN_PAYMENTS: Final = f"payment_id IN (SELECT id FROM payments_payment WHERE {OPEN_PAYMENT})"
_IN_USE: Final = (
    f"id IN (SELECT payer_wallet_id FROM payments_paymentrequest WHERE {OPEN_REQUEST})"
    f" OR id IN (SELECT receiver_wallet_id FROM payments_payment WHERE {OPEN_PAYMENT})"
    " OR id IN (SELECT wallet_id FROM payments_seller)"
)

_REASONED: Final = {"reason": WORDS, "reason_params": WORDS, "changed_at": WRITTEN}
_TRIED: Final = {"failures": TRIES, "retry_at": TRIES}


def declare() -> None:
    """Tell the ledger; once, while the program starts."""
    _asked_for()
    _attempts()
    _budgets()
    _people_and_limits()
    _sellers_and_wallets()
    _webhooks()
    _programs()


def _asked_for() -> None:
    vouch(
        "request",
        models.PaymentRequest,
        once=(
            *("created_at", "seller_id", "payer_wallet_id", "payer_key", "requested_by_id", "two_people", "form_id"),
            *("title", "reference", "payer_name", "payer_email", "payer_details", "payer_accounts"),
            *("asset_code", "asset_scale"),
        ),
        changing=(
            *("state", "authorised_by_id", "authorised_debit", "ceiling_debit", "proposed_debit", "committed_debit"),
            *("remaining_end", "budget_id", "link_version", "expires_at", "sent_at", "approved_at", "finished_at"),
            "link_shown_to_id",
        ),
        private=("title", "reference", "payer_name", "payer_email", "payer_details", "payer_accounts"),
        left={
            **_REASONED,
            **_TRIED,
            "payer_language": MAIL_LANGUAGE,
            "second_person_because": "Why it waits, for people: the rules are looked at anew before any money moves.",
            "title_made_of": "How the title reads in other languages: told only where the title itself says it in one.",
            "origin_path": "Where a link in the back office leads back to.",
            "payer_asked_at": "Whether the payer waits for their wallet's page: at worst they press once more.",
            "lease_fence": "Who works on it: what two do at once, the moves of states sort out.",
            "lease_until": "Who works on it: what two do at once, the moves of states sort out.",
            "next_attempt_at": TRIES,
            "needs_replan": TRIES,
            "crashes": TRIES,
            "crash": WORDS,
        },
        live=OPEN_REQUEST,
    )
    vouch(
        "payment",
        models.Payment,
        once=(
            *("created_at", "request_id", "receiver_wallet_id", "receiver_key", "receiver_name", "receiver_email"),
            *("asset_code", "asset_scale", "fixed_debit", "debit_code", "debit_scale", "purpose", "fee_share", "held"),
            "wallet_since",
        ),
        changing=(
            *("state", "grant_id", "value", "released_at", "sent_at", "settled_at", "late_at", "decision", "owner_id"),
        ),
        private=("receiver_name", "receiver_email"),
        reckoned={
            "received_value": "SELECT coalesce(sum(received_value), 0) FROM payments_incomingpayment"
            " WHERE payment_id = payments_payment.id"
        },
        left={
            **_REASONED,
            **_TRIED,
            "receiver_language": MAIL_LANGUAGE,
            "polls": TRIES,
            "blocked_by": "What one refusal left to be seen to: limits and evidence are looked at again all the same.",
        },
        live=OPEN_PAYMENT,
    )
    vouch(
        "grant",
        models.Grant,
        once=(
            *("created_at", "kind", "request_id", "wallet_id", "key_id", "auth_server", "interval"),
            *("limit_debit", "asset_code", "asset_scale"),
        ),
        changing=("state",),
        present=("sealed",),
        left={
            **_REASONED,
            **_TRIED,
            "interaction_expires_at": CLOCKS,
            "wait_until": CLOCKS,
            "token_expires_at": CLOCKS,
            "spent_value": "What the wallet says was spent: shown beside what was ordered, never believed instead.",
            "spent_checked_at": LOOKED,
            "asks_spent": TRIES,
            "lease_until": "Who uses its token: at worst it is renewed twice, and one of them refused.",
        },
        live=_OF_OPEN_REQUESTS,
    )


def _attempts() -> None:
    every = ("created_at", "payment_id")
    vouch(
        "incoming",
        models.IncomingPayment,
        once=(*every, "wallet_id", "probe", "value", "asset_code", "asset_scale", "remote_id"),
        changing=("state", "expires_at", "received_value", "over_at", "over_value", "closed_at"),
        left={**_REASONED, **_TRIED, "read_at": LOOKED},
        live=_OF_OPEN_PAYMENTS,
    )
    vouch(
        "quote",
        models.Quote,
        once=(
            *(*every, "incoming_id", "probe", "remote_id", "debit_value", "debit_code", "debit_scale"),
            *("receive_value", "receive_code", "receive_scale"),
        ),
        changing=("state", "expires_at"),
        left=_REASONED,
        live=_OF_OPEN_PAYMENTS,
    )
    vouch(
        "outgoing",
        models.OutgoingPayment,
        once=(*every, "quote_id", "grant_id", "remote_id", "debit_value", "asset_code", "asset_scale"),
        changing=("state", "expires_at"),
        left={
            **_REASONED,
            "sent_value": "What the payer's wallet says that it sent: shown, never believed instead of the receiver's.",
        },
        live=_OF_OPEN_PAYMENTS,
    )
    vouch(
        "refund",
        models.Refund,
        once=("created_at", "of_id", "payment_id", "surplus_value"),
        left={"changed_at": WRITTEN},
        key="payment_id",
        rides=True,
        live=_OF_OPEN_PAYMENTS,
    )
    vouch(
        "outside",
        models.OutsideSettlement,
        once=("created_at", "payment_id", "way", "evidence", "claimed_by_id", "confirmed_by_id", "confirmed_at"),
        changing=("withdrawn_at",),
        private=("evidence",),
        left={"changed_at": WRITTEN},
        rides=True,
        live=_OF_OPEN_PAYMENTS,
    )
    vouch(
        "paid_outside",
        models.OutsidePayment,
        once=(
            *("created_at", "seller_id", "title", "reference", "payer_key", "payer_name", "receiver_key"),
            *("receiver_name", "from_held", "value", "asset_code", "asset_scale", "paid_on", "way", "evidence"),
            *("form_id", "claimed_by_id", "owed_value", "decided_by_id", "decided_at"),
        ),
        changing=("state",),
        private=("title", "reference", "payer_name", "receiver_name", "evidence"),
        left={"changed_at": WRITTEN},
        live="state = 'waiting'",
    )


def _budgets() -> None:
    vouch(
        "budget",
        models.StandingBudget,
        once=(
            *("created_at", "request_id", "grant_id", "limit_value", "asset_code", "asset_scale", "unit", "count"),
            *("starts_at", "ends_at", "largest_value"),
        ),
        changing=("paused_at", "resumed_at"),
        left={"changed_at": WRITTEN, "disagreed_at": "A note for people, that the wallet counts otherwise."},
        live=EVERY,
    )
    vouch(
        "period",
        models.BudgetPeriod,
        once=("budget_id", "number", "starts_at", "ends_at", "limit_value"),
        reckoned={
            "reserved_value": "SELECT coalesce(sum(value), 0) FROM payments_draw"
            " WHERE period_id = payments_budgetperiod.id AND given_back_at IS NULL"
        },
        rides=True,
        live=EVERY,
    )
    vouch(
        "draw",
        models.Draw,
        once=("created_at", "payment_id"),
        changing=("period_id", "value", "given_back_at"),
        left={"changed_at": WRITTEN},
        key="payment_id",
        rides=True,
        live=_OF_OPEN_PAYMENTS,
    )


def _people_and_limits() -> None:
    limit = ("asset_scale", "limit")
    vouch(
        "limit",
        models.SecondPersonRule,
        once=("asset_code", "measure", "action", "receiver"),
        changing=(*limit, "days"),
        gone_by=("limit.removed",),
        live=EVERY,
    )
    vouch(
        "proposal",
        models.Proposal,
        once=(
            *("created_at", "kind", "subject", "before", "after", "proposed_by_id", "expires_at", "alone"),
            *("decided_by_id", "decided_at", "words"),
        ),
        changing=("state",),
        private=("before", "after", "words"),
        left={"changed_at": WRITTEN},
        live="state = 'waiting'",
    )
    vouch(
        "glass",
        models.BrokenGlass,
        once=("created_at", "about", "about_id", "title", "person_id", "words", "seen_by_id", "seen_at"),
        private=("title", "words"),
        left={"changed_at": WRITTEN},
        live="seen_at IS NULL",
    )
    leave(models.StaffNote, "What colleagues write for each other: no code reads it.")
    leave(models.NoteMention, "Whom a note names, which its entry has, and whether they have read it.")
    leave(models.Colleague, "The language that a colleague works in, and a row to hold while their sum is counted.")
    vouch(
        "proof_limit",
        models.ProofLimit,
        once=("asset_code",),
        changing=limit,
        gone_by=("proof_limit.removed",),
        live=EVERY,
    )
    vouch(
        "risk_level",
        models.RiskSetting,
        once=("check_name",),
        changing=("level",),
        gone_by=("risk_level.removed",),
        live=EVERY,
    )
    vouch(
        "risk_override",
        models.RiskOverride,
        once=("created_at", "payment_id", "check_name", "reason", "by_id"),
        private=("reason",),
        left={"changed_at": WRITTEN},
        rides=True,
        live=_OF_OPEN_PAYMENTS,
    )
    vouch(
        "pause",
        models.Pause,
        once=("scope", "target", "cause", "reason", "started_at", "started_by_id", "ended_at", "ended_by_id"),
        private=("reason",),
        live=EVERY,
    )
    vouch(
        "message",
        models.Message,
        once=(
            *("created_at", "template", "to_name", "to_email", "request_id", "proof_id", "payment_id", "details"),
            "occasion",
        ),
        private=("to_name", "to_email", "details"),
        left={
            **_REASONED,
            "state": "It waits and is sent without an entry for each try; that it was sent, or not, is one.",
            "language": MAIL_LANGUAGE,
            "attempts": TRIES,
            "next_attempt_at": TRIES,
            "sent_at": "It waits and is sent without an entry for each try; that it was sent, or not, is one.",
        },
        live="state IN ('queued', 'sending')",
    )
    leave(models.MailStop, "Whom nothing is mailed: no money moves by it, and who stopped and lifted it are entries.")
    leave(models.Reminder, "Which reminders were written: at worst a payer gets one more, or none.")
    vouch(
        "proof",
        models.WalletProof,
        once=("created_at", "wallet_id", "seller_id", "name", "email", "requested_by_id"),
        changing=("state", "key_id", "expires_at", "subject", "auth_server"),
        private=("name", "email"),
        present=("sealed",),
        left={**_REASONED, "language": MAIL_LANGUAGE, "interaction_expires_at": CLOCKS, "wait_until": CLOCKS},
        live="state NOT IN ('proven', 'ended')",
    )


def _sellers_and_wallets() -> None:
    vouch(
        "seller",
        models.Seller,
        once=("created_at",),
        changing=(
            *("name", "wallet_id", "is_default", "may_hold_money", "approval_email", "retired_at"),
            *("fee_share", "fee_value", "fee_code", "fee_scale"),
        ),
        private=("approval_email",),
        left={"changed_at": WRITTEN, "approval_language": MAIL_LANGUAGE},
        live=EVERY,
    )
    vouch(
        "chart",
        models.AccountName,
        once=("seller_id", "role"),
        changing=("account",),
        gone_by=("chart.removed",),
        live=EVERY,
    )
    vouch(
        "key",
        models.SellerKey,
        once=("created_at", "seller_id", "kid", "public", "created_by_id", "activated_at", "replaced_at", "retired_at"),
        changing=("state",),
        present=("sealed",),
        left={**_REASONED, "checked_at": LOOKED, "published_at": LOOKED, "missing_at": LOOKED},
        live=EVERY,
    )
    vouch(
        "wallet",
        models.WalletAddress,
        once=("created_at", "url", "host"),
        changing=(
            *("canonical_id", "asset_code", "asset_scale", "auth_server", "auth_host", "resource_server"),
            *("resource_host", "problem", "found_instead", "accepted", "accepted_by_id", "proven_at"),
            "became_at",
        ),
        private=("found_instead", "accepted"),
        left={
            "changed_at": WRITTEN,
            "checked_at": LOOKED,
            "public_name": "What a wallet calls its owner: shown, and believed by nobody.",
            "problem_params": WORDS,
        },
        live=_IN_USE,
    )
    leave(models.HostCalls, "How many calls to wallets there were, for whoever watches the machinery.")
    leave(models.WalletHost, "How a host has behaved lately: at worst it is left alone, or asked too often.")
    leave(models.LedgerCheck, "When the ledger was last checked, and what was found: it is checked again and again.")
    leave(models.Installation, "Compared with the machine itself, and with the ledger's head outside, at each start.")


def _webhooks() -> None:
    vouch(
        "webhook",
        models.WebhookEndpoint,
        once=("created_at", "marketplace_id"),
        changing=("name", "url", "events", "kept_by_id", "off_at", "off_because"),
        private=("name", "url"),
        present=("sealed",),
        left={
            "changed_at": WRITTEN,
            "overlap_until": "How long an earlier secret counts: a day, from the entry that changed it.",
            "failures": TRIES,
            "failing_since": TRIES,
            "retry_at": TRIES,
            "lease_until": TRIES,
        },
        live=EVERY,
    )
    vouch(
        "webhook_sender",
        models.WebhookSender,
        once=("created_at",),
        changing=("name", "off_at"),
        private=("name",),
        present=("sealed",),
        left={
            "changed_at": WRITTEN,
            "overlap_until": "How long an earlier secret counts: a day, from the entry that changed it.",
        },
        live=EVERY,
    )
    leave(models.WebhookDelivery, "What other programs are told: no money moves by it, and they can ask us instead.")
    leave(models.ReceivedWebhook, "Which nudges were taken: at worst a wallet is asked once too often.")


def _programs() -> None:
    """Those that ask through the API."""
    vouch(
        "marketplace",
        models.Marketplace,
        once=("created_at", "name", "seller_id"),
        changing=("return_addresses",),
        left={"changed_at": WRITTEN},
    )
    vouch(
        "api_key",
        models.ApiKey,
        once=("created_at", "name", "family", "marketplace_id", "acts_for_id", "scopes", "digest"),
        changing=("expires_at", "revoked_at"),
        left={"changed_at": WRITTEN, "last_used_at": "When it was last used, for people."},
        live=EVERY,
    )
    vouch(
        "api_ask",
        models.ApiAsk,
        once=("key_id", "return_url"),
        left={"stopped_at": "In which queue of To do it stands: at worst in another one."},
        key="request_id",
    )
    vouch(
        "incoming_ask",
        models.IncomingAsk,
        once=("key_id", "seller_id", "form_id", "created_at"),
        left={"description": WORDS, "next_look_at": "When its wallet is asked next: at worst too early, or too late."},
        key="incoming_id",
    )
    leave(models.ApiAnswer, "A copy of an answer that was given. What was done stands in the rows that it is about.")
