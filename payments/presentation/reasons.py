"""Why something was refused or failed: codes with parameters in the database, sentences at the edge.

Each sentence says what happened, to which thing, and what to do now.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.models import Pause
from payments.models.pauses import PauseCause
from payments.openpayments.errors import (
    BadAnswer,
    NotSent,
    OpenPaymentsError,
    OurFault,
    Refused,
    Unanswered,
    UnsafeUrl,
    WalletFailed,
)
from payments.openpayments.operations import Operation
from payments.presentation.format_amounts import format_amount

#: Pauses that the program starts by itself, as they follow “paused:”. What a person wrote is shown as it stands.
OWN_REASONS: dict[str, Promise] = {
    PauseCause.DATABASE_RESTORED: _(
        "this database was restored or copied. Compare the latest payments with the wallets before resuming"
    ),
    PauseCause.LEDGER_UNPROTECTED: _(
        "the ledger's tables lack the triggers that protect them. Run “manage.py migrate”, then resume"
    ),
    PauseCause.LEDGER_FAULTS: _(
        "something was changed beside the program. The overview says what; find out who changed it, and why, before resuming"
    ),
}

SENTENCES: dict[str, Promise] = {
    "staff_note_empty": _("Write something first."),
    "staff_note_long": _("A note has at most %(most)s characters. Write what is needed, or two notes."),
    # Wallet addresses
    "wallet_not_an_address": _("“%(text)s” is not a wallet address. It looks like https://wallet.example/maria or $wallet.example/maria."),
    "wallet_unsafe": _("%(wallet)s cannot be used: the address is not a public https address. Ask its owner for the right one."),
    "wallet_unreachable": _("The wallet %(host)s did not answer. Try again in a few minutes; if it goes on, ask its owner."),
    "wallet_not_found": _("%(wallet)s does not exist at that wallet. Check the address with its owner."),
    "wallet_garbage": _("%(host)s did not answer as an Open Payments wallet does. Check that the address is a wallet address."),
    "wallet_names_inside": _("%(host)s named an address inside this network, which only a wallet there may name. Nothing was sent to it. Check the wallet address with its owner."),
    "wallet_failed": _("The wallet %(host)s answered with an error of its own. Try again in a few minutes."),
    "wallet_renamed": _("%(wallet)s now answers as another wallet or in another currency. Confirm the change with its owner before paying."),
    "wallet_not_renamed": _("Nothing about this wallet address waits to be accepted. Check it again."),
    "own_acceptance": _("You accepted this yourself. A second person must confirm it."),
    "wallet_unproven": _("%(name)s must first prove that the wallet %(wallet)s is theirs: nothing was ever paid to it, or this is more than is paid to a wallet whose owner nobody knows. Send them the link to prove it."),
    "proof_refused": _("Your wallet says that you did not confirm it. Nothing was changed. The same link can be used to try again."),
    "proof_other": _("The wallet %(host)s confirmed another address than the one that was asked for, so it does not count."),
    "proof_lost": _("Your wallet's answer was lost on the way. Please confirm once more."),
    "proof_not_needed": _("Nobody has to prove a wallet for this payment."),
    "proof_over": _("This question is over: it was answered, or it took too long. Ask for a new link."),
    "payer_wallet": _("The payer's wallet cannot be used: %(problem)s"),
    "receiver_wallet": _("The wallet of %(name)s cannot be used: %(problem)s"),
    # Seller
    "seller_unknown": _("The wallet %(host)s does not accept our signature. Check that the seller's key is published at its wallet address, and that the wallet has a public name."),
    "key_not_published": _("%(wallet)s does not list the key “%(key_id)s”. Publish it there, then check again."),
    "key_differs": _("%(wallet)s lists another key under “%(key_id)s”. Publish the one shown here, then check again."),
    "key_withdrawn": _("The key with which the approval was asked for was taken out of the asker's wallet too early, so the approval could not be collected. Nothing was charged through it. Please approve once more."),
    "key_not_seen": _("This key was not seen at the wallet yet. Publish it there and check at the wallet first."),
    "no_next_key": _("There is no new key to use. Make one first."),
    "next_key_exists": _("There is already a new key, “%(key_id)s”. Use it, or discard it first."),
    "key_id_taken": _("The key id “%(key_id)s” already names another key of this seller. Choose a new one."),
    "key_id_unusable": _("A key id is visible ASCII without spaces and quotes."),
    "key_in_use": _("The key “%(key_id)s” still ends what was begun with it: %(count)s approvals are not over. Leave it published; it is retired by itself afterwards."),
    "no_old_key": _("There is no old key to retire."),
    "seller_retired": _("The seller %(seller)s is retired: nothing new is asked for with it. Choose another seller."),
    "holder_without_contact": _("A seller that holds money needs the email of whoever approves what is paid out of it. Write it down first."),
    # Refunds
    "refund_of_refund": _("This payment is itself a refund, so it can't be refunded. Ask for the money in a payment of its own."),
    "refund_too_early": _("This payment is “%(state)s”. It can be refunded once it has ended and money has arrived."),
    "refund_of_escrow": _("This money is held for the workers of a job. Refund what is left of it from the job's page."),
    "refund_changed": _("Meanwhile other money was refunded: %(left)s can still go back. Look at it again, then decide."),
    "refund_too_large": _("Only %(left)s can still go back."),
    "refund_too_fine": _("%(amount)s can't be received exactly by %(wallet)s. Write a rounder amount."),
    "refund_without_contact": _("Nobody is named who approves what %(seller)s sends back. An administrator can write their email on the seller's page."),
    "form_of_another_refund": _("This form belongs to another payment. Close it and open it again."),
    "not_an_amount": _("“%(text)s” is not an amount in %(currency)s. Write it like 20.00."),
    "seller_is_default": _("This seller is used where none is chosen. Make another one the default first."),
    # Quotes
    "wallet_refused": _("The wallet %(host)s refused: %(description)s"),
    "quote_wrong": _("The wallet %(host)s answered with a quote for something else than what was asked. Nothing was sent. Try again, or ask the wallet's operator."),
    "amount_too_small": _("The amount is too small to be sent between these wallets."),
    "amount_below": _("The amount is too small: between these wallets at least %(least)s must be sent."),
    "no_route": _("The wallet %(host)s could not say what this payment costs. It may know no way to send money to the receiver's wallet, or into its currency. Try again in a few minutes; if it goes on, agree on another wallet."),
    "rate_unsteady": _("The wallet %(host)s never quoted this payment within the amount that the payer pays. Nothing was sent. Try again later, or fix the amount that the receiver gets."),
    "other_payer_currency": _("%(name)s is to pay an amount in %(asset)s, but their wallet pays in %(wallet_asset)s."),
    "amount_changed": _("The amount has changed since you opened this page. Please look at it again, then decide."),
    "sum_too_large": _("The payer's wallet wants more than any wallet can hold. Nothing was charged."),
    "debit_differs": _("The payer's wallet says that it takes %(told)s, and had quoted %(quoted)s. The books have what was quoted: compare with the wallet's statement."),
    "amount_grew": _("The amount the payer would be charged has grown since they were asked, so they are asked again."),
    "needs_authorisation": _("This is now more than was authorised, so a second person must authorise it. After that the payer is asked; nothing is charged before."),
    "asset_changed": _("The payer's wallet quoted in another currency than before. Check the wallet, then quote again."),
    # Approval
    "approval_refused": _("The wallet says that the approval was not given. Nothing was charged through it. The same link can be used to try again."),
    "approval_lost": _("The wallet's answer to the approval was lost on the way, so that approval was cancelled. Nothing was charged through it. Please approve once more."),
    "approval_ended": _("The wallet no longer accepts the approval. Nothing more was charged. Please approve once more."),
    "paused": _("New payments are paused: %(why)s. Nothing is lost; it goes on when the pause ends."),
    # Payments
    "outcome_unknown": _("The payer's wallet did not say whether it sent the money. It is being asked; nothing is sent twice."),
    "payment_failed": _("The payer's wallet could not send the money, often because the balance was too low. Nothing arrived."),
    "order_failed": _("The payer's wallet says that it could not send the money, often because the balance was too low."),
    "paid_by_another": _(
        "%(received)s of %(amount)s arrived at the place made for this payment, from somebody else. Nothing was taken "
        "from the payer. Ask again only for what the receiver is still owed."
    ),
    "arrived_after_refusal": _(
        "%(received)s of %(amount)s arrived, although the payer's wallet had refused to send it. Find out who paid, then "
        "ask again only for what the receiver is still owed."
    ),
    "partly_arrived": _("Only %(received)s of %(amount)s arrived. A person must decide what happens with the rest."),
    "not_settled": _("Sent, but the receiver's wallet does not report it as arrived. Ask the payer's and the receiver's wallet."),
    "receiver_ended_it": _("The receiver's wallet ended the incoming payment with nothing in it. Nothing can arrive any more; it can be asked for again."),
    "sent_not_received": _("The payer's wallet says that it sent money, but the receiver's wallet ended the incoming payment with nothing in it. Ask both."),
    "arrived_late": _("After this had ended, more money arrived: %(received)s of %(amount)s in all. A person must see to it."),
    "arrived_twice": _("After this was settled, more money arrived: %(received)s in all, instead of %(amount)s. A person must see to it."),
    "no_progress": _("It was tried too often in the last hour. It is tried again when that hour is over."),
    "wallet_gave_up": _("The wallets did not answer for a long time. Look again, or ask their operators."),
    "some_failed": _("Not every payment of this request arrived."),
    "none_arrived": _("No payment of this request arrived."),
    "nobody_left": _("None of the receivers can be paid. Each has a reason of their own, shown beside them."),
    "rest_declined": _("A part was ordered before; the payer declined the rest. %(words)s"),
    "rest_expired": _("A part was ordered before; the rest was not approved in time."),
    "not_approved_in_time": _("Nobody approved it in time, and the link no longer works."),
    "rest_cancelled": _("A part was ordered before; the rest was cancelled."),
    # Asking
    "no_lines": _("There is nobody to pay: select a worker first."),
    "nothing_to_pay": _("The amount must be more than zero."),
    "payer_without_wallet": _("%(name)s has no wallet address yet. Add it to the member, then try again."),
    "wallet_not_checked": _("The wallet of %(name)s was never reached. Check it on the member's page, then try again."),
    "same_wallet": _("Payer and receiver have the same wallet address (%(wallet)s). Money cannot be sent to itself."),
    "other_currency": _("The amount is in %(asset)s, but the wallet of %(name)s receives %(wallet_asset)s."),
    "scale_too_small": _("The wallet of %(name)s cannot hold %(amount)s exactly: its smallest unit is larger. Use a rounder amount."),
    "seller_unusable": _("The seller %(seller)s cannot ask for payments: its wallet was not reached. Check it first."),
    "no_email": _("%(name)s has no email address. Add it, then try again."),
    # Exceptions of reconciliation
    "exception_over": _("This exception is over: somebody resolved it, or both sides agree again."),
    "exception_not_offered": _("An exception of this type can't end like that. Choose one of the possible actions."),
    "exception_changed": _("What the two sides say has changed since. Look at it again, then decide."),
    "exception_unknown": _("There is no exception with the number %(number)s."),
    # Warnings before money is sent
    "warning_blocks": _("It was not sent: a warning stops it, and you may not override that. %(warnings)s Ask somebody who may, or change what it warns of."),
    "warning_wants_reason": _("It was not sent: say why it is to be paid all the same. %(warnings)s"),
    "warning_not_looked_at": _("It was not sent: somebody has to look at this first. %(warnings)s Open the dialog once more, look, and say that you have."),
    "warning_stops": _("A warning stops it: %(warnings)s Whoever may override that sends it on from the payment's page."),
    "warning_gone": _("No warning stops this payment any more."),
    # Moves
    "moved": _("Meanwhile this changed to “%(state)s”. Look at it again before deciding."),
    "not_now": _("This cannot be done while the request is “%(state)s”."),
    "money_under_way": _("Money is already on its way, so this can no longer be cancelled. Wait until it has settled, then refund."),
    "own_payment": _("This pays you yourself. Somebody else must authorise it."),
    "own_request": _("You asked for this payment yourself. A second person must authorise it."),
    # Second people: see payments.second_person
    "not_newest_month": _("Only the newest closed month can be opened again, and %(month)s is not it."),
    "account_name": _("An account's name has letters, digits and single spaces, with colons between its parts, such as 4000:Fees. It can't begin with a sign, or have brackets or a semicolon."),
    "own_proposal": _("You proposed this yourself. A second person must decide on it."),
    "same_email": _("Your email address is that of whoever proposed this, so you count as one person. Somebody else must decide on it."),
    "same_hands": _("Your account and that of whoever proposed this were in the same hands in the last seven days: one of you, or one and the same other person, made the account or set its password, email or second factor. Somebody else must decide on it."),
    "rejected": _("Not everybody who had to agree to it did."),
    "sum_of_everything": _("What one person sends alone is counted as a whole: such a rule is about everything, and everybody who receives it."),
    "nothing_changes": _("Nothing would change: it is so already."),
    "proposal_over": _("This proposal is over: “%(state)s”."),
    "not_own_proposal": _("Only whoever proposed this can withdraw it. You can reject it instead."),
    "no_glass": _("Nobody decides alone here: whoever runs the program has switched that off. Ask a second person."),
    "glass_not_needed": _("You did not propose this, so you can decide on it in the ordinary way."),
    "own_glass": _("You decided this yourself. Somebody else must look at it."),
    "no_words": _("Say why, so that whoever proposed it knows what to change."),
    "declined": _("The payer declined. %(words)s"),
    "link_expired": _("This request ended on %(date)s. Ask again to send a new one."),
    "program_failed": _("Something went wrong on our side (%(what)s) while a wallet was asked. Nothing is sent twice. Try again; if it goes on, whoever runs the program finds more in the log."),
    "stuck": _("The program fails at this request (%(crash)s), so nothing of it moves. Nothing is lost. Whoever runs it finds more in the log."),
    "internal": _("Something went wrong on our side. It was noted; nothing was sent. Please try again."),
    "over_limit": _("The payer's wallet says that this is more than was approved. Nothing was sent."),
    "receiver_closed": _("The receiver's wallet no longer accepted money for this; a new place for it is made."),
    "approval_without_person": _("The wallet %(host)s gave an approval without asking its owner. It was not used."),
    "answer_never_came": _("The program was stopped before the wallet's answer came."),
    "cannot_be_fenced": _("Nobody can tell whether the money was sent: the payer's wallet does not say, and the receiver's wallet does not close. A person must ask both."),
    "given_up": _("Somebody decided not to try any longer. Nothing more can arrive."),
    "fenced": _("The receiver's side was closed before it could arrive."),
    "settled_outside": _("Not all of it in the wallets: some of it was settled outside them, which two people confirmed."),
    "not_held": _("This payment does not wait for anybody's work, so there is nothing to release."),
    "held_released": _("The work was accepted and the payment released, so it can no longer be called off here."),
    "held_over": _("This payment is “%(state)s”, so it can no longer be released or called off."),
    "already_decided": _("It was already decided: “%(decision)s”. That is done as soon as nothing more can arrive; look again to hurry it."),
    "not_in_trouble": _("This payment does not need attention any more: it is “%(state)s”."),
    "not_late": _("Nothing arrived late for this payment, so there is nothing to take note of."),
    "late_is_noted": _("Its request is over: nothing is sent or given up any more. See to what arrived, then take note of it."),
    "partly_here": _("Part of the money has arrived, so the whole cannot be sent again. Ask for the rest with a new request, or settle it outside."),
    "already_claimed": _("Somebody already reported that this was settled outside. A second person confirms that, or it is withdrawn."),
    "nothing_claimed": _("Nobody has reported that this was settled outside."),
    "own_claim": _("You reported this yourself. A second person must confirm it."),
    "outside_above_owed": _("Only %(owed)s is owed to %(name)s now. Withdraw the report, then report what was paid of that."),
    "outside_decided": _("This report is “%(state)s” already."),
    "paid_in_future": _("The day on which it was paid has not come yet. Report it once it is paid."),
    "paid_long_ago": _("That was more than two years ago. Check the year."),
    "no_evidence": _("Write down the evidence: a bank reference, a receipt number, who handed it over and when."),
    # Standing budgets
    "budget_no_seller": _("There is no default seller to ask the funder. Mark one as the default first."),
    "budget_in_the_past": _("The first period cannot start in the past. Choose today or a later day."),
    "budget_too_far": _("The first period starts more than a year from now. Choose an earlier day."),
    "budget_day": _("Choose a day from 1 to %(last)s: from later days wallets disagree on when the next month starts."),
    "budget_count": _("A standing budget has 1 to %(most)s periods."),
    "budget_largest_above_limit": _("The largest single payment cannot be above the limit of a period (%(limit)s)."),
    "budget_of_another": _("This standing budget is of another funder, seller or currency."),
    "budget_held": _("A standing budget pays at once; this request waits for work to be accepted. Ask the funder in the ordinary way."),
    "budget_too_large": _("Staff may pay at most %(largest)s at once from this standing budget. Ask the funder in the ordinary way."),
    "budget_too_little_left": _("Only %(left)s is left in this standing budget until %(until)s. Wait until then, or ask the funder in the ordinary way."),
    "budget_paused": _("The standing budget is paused. Nothing is paid from it until it is resumed."),
    "budget_not_active": _("This standing budget is not active any more, or not yet. Ask the funder in the ordinary way."),
    "budget_stop_instead": _("This standing budget was approved. Stop it on its own page: then the funder is told, and what waits for it goes back to you."),
    "budget_was_stopped": _("This standing budget was stopped, so nothing is paid from it any more. Ask the funder in the ordinary way, or set up a new one."),
    "budget_not_begun": _("The first period of this standing budget has not begun. Wait until then, or ask the funder in the ordinary way."),
    "budget_over": _("The last period of this standing budget is over. Set up a new one, or ask in the ordinary way."),
    "budget_between_periods": _("A new period is about to begin, or has only just begun. Wait a few minutes: the wallet might count the payment in either."),
    "budget_does_not_cover": _("The standing budget does not cover this any more. Nothing was charged. Ask the funder in the ordinary way, or wait for the next period."),
    "budget_wallet_disagrees": _("It fits into the standing budget by our books, but the wallet says otherwise and refused it. Nothing was charged. Compare with the wallet, then ask in the ordinary way or wait for the next period."),
    "budget_without_intervals": _("The wallet does not keep limits per period, so it cannot be used for a standing budget. Nothing was charged. Ask for each payment in the ordinary way."),
    "budget_stopped": _("It was stopped here. Nothing more is paid from it."),
    "budget_stopped_by_payer": _("The funder stopped it. Nothing more is paid from it."),
    "budget_ended_at_wallet": _("The wallet no longer accepts the approval: it was ended there, or lost. Nothing more is paid from it. To go on, set up a new one."),
    # Mail
    "mail_refused": _("The mail server refused the message. Check the address."),
    "mail_not_needed": _("What it asks for or tells of was over by then, so it was not sent."),
    "mail_bounced": _(
        "Not sent: mail to this address came back before, so nothing is sent there. Ask for another address, or hand"
        " over the link yourself."
    ),
    "mail_unsubscribed": _("Not sent: its reader wants no more emails of this kind."),
    "mail_interrupted": _("The program was stopped while it sent this; it is sent again."),
    "mail_under_way": _("This message is still on its way."),
    "mail_unreachable": _("The mail server could not be reached."),
    "clean_up_failed": _("The wallet did not confirm that it ended this approval. It ends by itself when it expires."),
    "seller_may_not_hold": _("%(seller)s may not receive money for jobs. An administrator can allow it on the seller's page."),
    "seller_wallet_unknown": _("The wallet of the seller %(seller)s can't be used now. Its page says why."),
    "amount_not_exact": _("“%(amount)s” can't be received exactly by %(wallet)s."),
    "wallets_busy": _("Too many people wait for wallets at this moment. Nothing was done: please try again in a minute."),
    "never_created": _("The wallet never created it; nothing arrived, and nothing can arrive any more."),
    # Webhooks
    "webhook_refused": _("The endpoint answered with %(status)s. Whoever runs it finds the reason there; it is sent again."),
    "webhook_gone": _("The endpoint answered with %(status)s: it wants no more webhooks."),
    "webhook_unsafe": _("This is no public https address, so nothing is sent there. Write it like https://shop.example/webhooks."),
    "webhook_private": _("The address leads into a private network. Whoever runs the program can allow it, under OPEN_PAYMENTS_TRUSTED_HOSTS."),
    "webhook_dns": _("The name of the endpoint's host was not found. Check the address."),
    "webhook_connect": _("The endpoint could not be reached."),
    "webhook_tls": _("The endpoint has no valid certificate for its name."),
    "webhook_time_out": _("The endpoint did not answer in time. It should answer first, and work afterwards."),
    "webhook_broken": _("The endpoint closed the connection without an answer."),
    "webhook_too_large": _("The endpoint answered with more than any answer needs."),
    "webhook_secret_unreadable": _("The secret cannot be opened with the configured encryption keys. Make a new one."),
    "webhook_secret": _("This is no secret of Standard Webhooks: “whsec_”, followed by 24 to 64 bytes in base64."),
    "webhook_off": _("It is switched off. Switch it on first."),
    "webhook_on": _("It is switched on already."),
    # Programs
    "return_address_not_allowed": _("This address is none to which payers of this marketplace may be led back. The list is on its page in the back office."),
    "return_address_unusable": _("“%(address)s” can't stand in the list: give https:// with a host, and the beginning of a path if you like."),
    "too_many_return_addresses": _("A list has at most %(most)s addresses."),
    "api_key_over": _("This key was revoked or has expired. Make a new one."),
    **OWN_REASONS,
}  # fmt: skip


class Refusal(Exception):
    """What was asked for can't be done. `code` and `params` make the sentence; nothing was changed."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        return sentence(self.code, self.params)


def sentence(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The reason in the reader's language. A problem inside a problem is a code of its own."""
    if not code:
        return ""
    values = {name: _nested(value) for name, value in (params or {}).items()}
    text = SENTENCES.get(code)
    if text is None:
        return code
    try:
        return str(text) % values
    except KeyError:
        return str(text)


def gist(code: str) -> str:
    """What happened, of whatever rows have this reason: the first sentence, with dots for what differs between them."""
    text = str(SENTENCES.get(code, code)) % defaultdict(lambda: "…")
    end = re.search(r"[.:](?= )|[.:]$", text)
    return text[: end.start()] if end else text


def _nested(value: Any) -> Any:
    if isinstance(value, Mapping):
        return sentence(str(value.get("code", "")), value.get("params"))
    return value


def pause_reason(pause: Pause) -> str:
    """Why something is paused, in the reader's language, or as somebody wrote it."""
    return str(OWN_REASONS.get(pause.cause, pause.reason))


MAX_DESCRIPTION = 200


def why(error: OpenPaymentsError) -> tuple[str, dict[str, str]]:
    """The reason code for what a wallet did, with parameters that are safe to keep and show."""
    host = {"host": urlsplit(error.url).netloc}
    match error:
        case UnsafeUrl():
            return "wallet_unsafe", {"wallet": error.url}
        case NotSent() | Unanswered():
            return "wallet_unreachable", host
        case OurFault():
            return "program_failed", {"what": error.detail}
        case Refused() if error.signature_refused:
            return "seller_unknown", host
        case Refused() if error.too_small:
            least = error.smallest_debit
            return ("amount_below", {**host, "least": format_amount(least)}) if least else ("amount_too_small", host)
        case Refused():
            words = " ".join(error.description.split())[:MAX_DESCRIPTION] or f"HTTP {error.status}"
            return "wallet_refused", {**host, "description": words}
        case BadAnswer() if error.why == "trusted_host":
            return "wallet_names_inside", host
        case BadAnswer():
            is_other_quote = error.operation is Operation.CREATE_QUOTE and error.why not in ("not_json", "wrong_shape")
            return ("quote_wrong" if is_other_quote else "wallet_garbage"), host
        case WalletFailed() if error.operation is Operation.CREATE_QUOTE and not error.is_redirect:
            return "no_route", host
        case _:
            return "wallet_failed", host
