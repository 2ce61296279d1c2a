"""Why this room refuses something: codes and their sentences. `payments.presentation.reasons` has the money's."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.presentation import reasons
from payments.presentation.reasons import Refusal

SENTENCES: dict[str, Promise] = {
    # Moves of a job
    "job_not_now": _("This cannot be done while the job is “%(status)s”."),
    "job_moved": _("Meanwhile the job changed to “%(status)s”. Look at it again before deciding."),
    "job_nobody_selected": _("Nobody is selected yet. Select a worker, then start the work."),
    "job_money_open": _("Request %(request)s of this job is still open. Cancel it, or wait until it has settled."),
    "job_outside_waits": _(
        "Somebody reported that work of this job was paid outside the wallets (%(payment)s). A second person must "
        "confirm or withdraw that first."
    ),
    "job_closes_again": _(
        "Recruiting would end again at once: as many workers as wanted are selected, or the job's money has settled "
        "for those who are. Raise the number of workers first."
    ),
    "deadline_passed": _("“%(deadline)s” has passed already (%(when)s). Set a later date."),
    "deadline_too_far": _("“%(deadline)s” is too far away. Set an earlier date."),
    "deadline_order": _("“%(later)s” must come after “%(earlier)s”."),
    # Members' own pages
    "wallet_of_another": _("%(wallet)s belongs to another person here. Check it, or write to us below."),
    "too_often": _("That was many times in one day. Try again tomorrow, or answer one of our emails."),
    "note_empty": _("Write what isn't right, then send it."),
    "note_handled": _("Somebody has seen to this already."),
    "job_money_changed": _("Meanwhile the payments of this job changed. Look at them again before deciding."),
    # Decisions
    "application_settled": _("%(name)s is paid, or being paid, for this job, so the decision stands."),
    "application_moved": _("The application of %(name)s is “%(status)s”, so this cannot be done. Look at it again."),
    "job_full": _("“%(job)s” wants %(wanted)s workers, and they are selected. Raise the number, or reject one first."),
    "submission_moved": _("This submission of %(name)s is “%(status)s”, so this cannot be done. Look at it again."),
    "submission_unselected": _("%(name)s is not selected for this job, so their work cannot be accepted."),
    # Wallets
    "own_wallet_change": _("You proposed this wallet yourself. A second person must confirm it."),
    "shown_wallet_change": _(
        "It was asked for through a copy of the member's link that you were shown, or you changed lately where the "
        "member's mail goes. A second person must confirm it."
    ),
    "wallet_change_over": _("This change of the wallet is “%(state)s” already."),
    "wallet_change_waits": _(
        "Another wallet of %(name)s waits for a second person. Confirm it or refuse it on their page, then ask."
    ),
    "wallet_not_removed": _("A wallet can be changed, not removed: payments may be under way."),
    # Paying
    "job_status_pays_nothing": _("Nothing can be paid while the job is “%(status)s”. %(way)s"),
    "worker_not_selected": _("%(name)s is not selected for this job. Select the application first."),
    "payout_exists": _("Request %(request)s for %(name)s and this job exists already. Open it to see where it stands."),
    "outside_waits": _(
        "Somebody reported that %(name)s was paid outside the wallets. Until a second person confirms or withdraws "
        "that, nothing else is paid to them for this job."
    ),
    "outside_funding": _(
        "The funder was asked to pay this job to %(name)s (request %(request)s). Wait until that is over, or cancel "
        "it, then report what was paid outside."
    ),
    "above_owed": _("%(name)s gets at most %(owed)s: write that, or less."),
    "nothing_of_it": _("Write how much %(name)s gets: more than zero."),
    "funding_exists": _("The money for this job was asked for already, in request %(request)s. Open it to see."),
    "job_funded_elsewhere": _(
        "The funder was asked to pay this job to %(name)s (request %(request)s). Asking again would charge them twice."
    ),
    "seller_holds_no_money": _(
        "%(seller)s may not receive money for jobs. An administrator can allow it on the seller's page."
    ),
    "escrow_empty": _("Nobody holds money for this job, so nothing can be paid out."),
    "escrow_too_small": _(
        "%(seller)s holds %(held)s for this job, which is less than %(amount)s. Choose fewer workers, or wait for what "
        "is under way."
    ),
    "escrow_without_contact": _(
        "Nobody is named who approves what %(seller)s pays out. An administrator can write their email on the "
        "seller's page."
    ),
    "work_not_accepted": _("The work of %(name)s is not accepted yet. Accept it first, then pay it out."),
    "no_seller": _("There is no seller yet that could ask for the money. Add one, and make it the default."),
    "other_currency": _(
        "The amount is in %(asset)s, but the wallet of %(name)s receives %(wallet_asset)s. On the job's page, let the "
        "funder pay exactly the budget: then workers may have any currency."
    ),
    "other_payer_currency": _(
        "%(name)s is to pay exactly an amount in %(asset)s, but their wallet pays in %(wallet_asset)s. Set the budget "
        "in %(wallet_asset)s, or let each worker get exactly the budget."
    ),
    "nobody_selected": _("Nobody is selected for this job yet. Select a worker first."),
    "nothing_owed": _("Every selected worker is paid, or being paid, already."),
    "budget_too_large": _("The budget times %(workers)s workers is more than can be counted. Check the budget."),
    "nobody_chosen": _("Choose at least one worker to pay."),
    "too_many_receivers": _(
        "At most %(most)s workers are paid under one approval. Choose fewer, and ask again for the rest."
    ),
    "different_funders": _(
        "These jobs have different funders. Each funder approves only their own: choose jobs of one funder."
    ),
    "mixed_sellers": _("These jobs are asked for by different sellers. Choose jobs of one seller."),
    "other_seller": _(
        "This job's money is asked for by %(seller)s. Choose that seller, or change it on the job's page."
    ),
    "job_in_the_way": _("“%(name)s”: %(problem)s"),
    "changed_meanwhile": _("What %(name)s is to get changed meanwhile. Look at the amounts again, then ask."),
    "fee_without_wallet": _(
        "%(seller)s takes a fee, but none of our sellers has a working wallet in %(currency)s to receive it. Add such "
        "a seller, or switch the fee off."
    ),
    "fee_too_large": _("The fee of %(seller)s is more than the workers get. Lower it on the seller's page."),
    "fee_too_fine": _(
        "The fixed fee of %(seller)s has more decimals than this budget. Write a rounder one on the seller's page."
    ),
    "budget_of_other_seller": _(
        "This standing budget was approved for %(seller)s. Choose %(seller)s under “Who asks?”, or another way."
    ),
    "form_of_another_job": _("This form belongs to another payment. Close it and open it again."),
    # Personal data
    "erasing_needs_two": _(
        "Personal data is erased by two people. Somebody else with the permission must agree, and nobody decides alone."
    ),
    "already_erased": _("The personal data of this member was erased before."),
    "erasing_open_job": _(
        "%(name)s still has to do with “%(job)s”. Wait until that job is over, or take them out of it."
    ),
    "erasing_open_money": _(
        "Money of %(name)s is still open: a payment, a request or a report. Wait until it is over."
    ),
    "erasing_too_early": _(
        "The last payment of %(name)s was on %(last)s. What names them is kept until %(until)s, as the installation's "
        "settings say."
    ),
    "other_name": _("That is not the name of this member: it is “%(name)s”."),
    # Forms
    "no_member_of_email": _("There is no member with the email “%(email)s”. Add them first."),
    "no_member_of_name": _("No member has the email or the name “%(name)s”. Add them first."),
    "several_members_of_name": _("More than one member is called “%(name)s”: give the email of the one you mean."),
    "no_job_of_reference": _("There is no job with the reference “%(reference)s”. Add it first."),
    "several_jobs_of_reference": _("More than one job has the reference “%(reference)s”, so it names none of them."),
    "no_application": _("%(name)s did not apply for “%(job)s”. Add the application first."),
    "moment_unclear": _("“%(text)s” can be read in more than one way. Write it like 2027-01-31 18:00."),
    "selected_already": _("%(selected)s are selected already."),
    "budget_not_a_number": _("“%(text)s” is not an amount. Write it like 1250.00."),
    "budget_zero": _("The budget must be more than zero."),
    "budget_too_precise": _("%(currency)s is counted with %(digits)s decimals: “%(text)s” cannot be paid exactly."),
    "budget_out_of_range": _("“%(text)s” is more than can be counted."),
    "currency_missing": _("Choose a currency: none is usual for this funder."),
    "currency_unknown": _("“%(text)s” is not a currency in use. Choose one from the list."),
    "job_money_fixed": _(
        "Request %(request)s uses this budget and this funder. They can change once it has ended without paying."
    ),
}  # fmt: skip

WAYS: dict[str, Promise] = {
    "draft": _("Publish the job first."),
    "complete": _("It is done."),
    "expired": _("Reopen it to try again."),
    "canceled": _("Duplicate it to try again."),
}


class JobRefusal(Refusal):
    """What was asked for can't be done with this job; nothing was changed. A parameter may be a reason of its own."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, **params)

    def __str__(self) -> str:
        return sentence(self.code, self.params)


def sentence(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The reason in the reader's language, whether it is this room's or the money's."""
    text = SENTENCES.get(code)
    if text is None:
        return reasons.sentence(code, params)
    try:
        return str(text) % {name: _told(value) for name, value in (params or {}).items()}
    except KeyError:
        return str(text)


def _told(value: Any) -> str:
    """A parameter, which may be a reason of its own."""
    return sentence(value["code"], value["params"]) if isinstance(value, dict) else str(value)
