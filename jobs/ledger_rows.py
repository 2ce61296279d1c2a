"""Which columns of this room's rows the ledger vouches for, and why nobody does for the others."""

# ruff: noqa: S608 - names of the program's own tables

from typing import Final

from jobs import models
from ledger.api import leave, vouch
from payments.ledger_rows import MAIL_LANGUAGE, OPEN_PAYMENT, WRITTEN

SHOWN: Final = "What people read of the work: a payment request keeps its own copy of what its payer saw."
BEGINS: Final = "What a new job begins with: each job has its own, which is vouched for."
HANDED_IN: Final = "The work itself: what counts for money is that it was accepted."

_OPEN_JOB: Final = "status NOT IN ('complete', 'expired', 'canceled')"
_OF_OPEN_JOBS: Final = f"job_id IN (SELECT id FROM jobs_job WHERE {_OPEN_JOB})"
_IN_OPEN_JOBS: Final = (
    f"id IN (SELECT funder_id FROM jobs_job WHERE {_OPEN_JOB})"
    f" OR id IN (SELECT worker_id FROM jobs_application WHERE {_OF_OPEN_JOBS})"
)


def declare() -> None:
    """Tell the ledger; once, while the program starts."""
    _people()
    _work()
    _money()


def _people() -> None:
    vouch(
        "member",
        models.Member,
        once=("created_at", "erased_at"),
        changing=("kind", "wallet_id", "link_version", "name", "email", "statements_since"),
        private=("name", "email"),
        left={"changed_at": WRITTEN, "language": MAIL_LANGUAGE},
        live=_IN_OPEN_JOBS,
    )
    contacts = ("approver_name", "approver_email", "accounts_name", "accounts_email")
    legal = ("legal_name", "tax_id", "address", "default_reference")
    vouch(
        "organisation",
        models.Organisation,
        once=("created_at", "member_id"),
        changing=(*contacts, *legal),
        private=(*contacts, *legal),
        left={
            "changed_at": WRITTEN,
            "approver_language": MAIL_LANGUAGE,
            "accounts_language": MAIL_LANGUAGE,
            "time_zone": "When its reminders come: at worst at night.",
            **dict.fromkeys(("default_currency", "default_seller_id"), BEGINS),
        },
        rides=True,
    )
    vouch(
        "wallet_change",
        models.WalletChange,
        once=(
            *("created_at", "member_id", "before_id", "after_id", "proposed_by_id", "shown_to_id"),
            *("decided_by_id", "decided_at"),
        ),
        changing=("state",),
        left={"changed_at": WRITTEN},
        rides=True,
        live="state = 'waiting'",
    )
    leave(models.MemberNote, "What a member wrote to the staff: no code reads it.")


def _work() -> None:
    shown = ("title", "description", "reference", "target_language", "deliverable_types")
    vouch(
        "job",
        models.Job,
        once=("created_at",),
        changing=(
            *("status", "is_funded", "funder_id", "seller_id", "budget_value", "budget_code", "budget_scale"),
            *("amount_side", "workers_wanted", "recruit_deadline", "submit_deadline", "expires_at"),
        ),
        left={"changed_at": WRITTEN, **dict.fromkeys(shown, SHOWN)},
        live=_OPEN_JOB,
    )
    vouch(
        "application",
        models.Application,
        once=("created_at", "job_id", "worker_id"),
        changing=("status",),
        left={"changed_at": WRITTEN},
        live=_OF_OPEN_JOBS,
    )
    vouch(
        "submission",
        models.Submission,
        once=("created_at", "application_id"),
        changing=("status",),
        left={"changed_at": WRITTEN, **dict.fromkeys(("text", "link", "file"), HANDED_IN)},
        live=f"application_id IN (SELECT id FROM jobs_application WHERE {_OF_OPEN_JOBS})",
    )


def _money() -> None:
    vouch(
        "funding",
        models.JobFunding,
        once=("created_at", "job_id", "request_id"),
        changing=("active",),
        left={"changed_at": WRITTEN},
        rides=True,
        live=_OF_OPEN_JOBS,
    )
    vouch(
        "payout",
        models.Payout,
        once=("created_at", "application_id", "payment_id", "funding_id", "fee_share", "fee_each_value"),
        changing=("active", "paid", "fee_value"),
        left={"changed_at": WRITTEN},
        rides=True,
        live=f"payment_id IN (SELECT id FROM payments_payment WHERE {OPEN_PAYMENT})",
    )
    vouch(
        "outside_payout",
        models.OutsidePayout,
        once=("created_at", "application_id", "outside_id", "funding_id", "budget_value"),
        left={"changed_at": WRITTEN},
        rides=True,
        live="outside_id IN (SELECT id FROM payments_outsidepayment WHERE state = 'waiting')",
    )
