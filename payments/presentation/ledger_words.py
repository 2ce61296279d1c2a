"""The words for each kind of entry that this room records. The first that has all it speaks of is used."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: Final[dict[str, tuple[Promise, ...]]] = {
    # The request
    "request.quoting": (_("A quote was asked for."),),
    "request.quoted": (_("The quote is there: the payer pays at most %(ceiling)s."), _("The quote is there.")),
    "request.awaiting_authorisation": (
        _("It has grown, and a second person must authorise that first: the payer pays at most %(proposed)s."),
        _("A second person must authorise it: the payer pays at most %(ceiling)s."),
        _("A second person must authorise it."),
    ),
    "request.awaiting_approval": (
        _("The payer was asked to approve the rest, at most %(rest)s: %(ordered)s was ordered before."),
        _("The payer was asked to approve at most %(ceiling)s."),
        _("The payer was asked to approve."),
    ),
    "request.approved": (
        _("It is paid from standing budget %(budget)s, at most %(ceiling)s. The payer approved that limit before."),
        _("The payer approved at most %(rest)s more in their wallet. The money is not set aside."),
        _("The payer approved at most %(ceiling)s in their wallet. The money is not set aside."),
        _("The payer approved in their wallet. The money is not set aside."),
    ),
    "request.settled": (_("Everything is settled."),),
    "request.settled_in_part": (_("A part is settled. What is missing will not be paid by this request."),),
    "request.settled_outside": (_("Everything is settled, but not all of it in the wallets."),),
    "request.failed": (_("The request failed."),),
    "request.declined": (_("The payer declined."),),
    "request.cancelled": (_("The request was cancelled."),),
    "request.expired": (_("The request expired before it was approved."),),
    "request.authorised": (_("A second person authorised it."),),
    "request.rejected": (
        _("A second person did not agree: “%(words)s”"),
        _("A second person did not agree. Their words were erased."),
    ),
    "request.reminded": (_("The payer is reminded by email that it waits for them."),),
    "request.resent": (_("The approval email is sent again."),),
    "request.approve_pressed": (
        _("The payer pressed “approve” for at most %(debit)s."),
        _("The payer pressed “approve” for at most %(ceiling)s."),
        _("The payer pressed “approve”."),
    ),
    "request.amount_accepted": (
        _("The payer accepted the new amount: at most %(ceiling)s."),
        _("The payer accepted the new amount."),
    ),
    "request.amount_grew": (
        _("The quote grew to %(debit)s, above the %(ceiling)s the payer was shown. They are asked again."),
        _("The quote grew to %(proposed)s, above the %(ceiling)s the payer was shown. They are asked again."),
        _("The quote grew above what the payer was shown. They are asked again."),
    ),
    "request.late_answer": (
        _("%(host)s answered late, when it had been found out already. What it said is kept, and changed nothing."),
        _("A wallet answered late, when it had been found out already. What it said is kept, and changed nothing."),
    ),
    "request.shown_link_used": (
        _("Through the copy of the link that %(who)s of the staff was shown: %(did)s."),
        _("Through a copy of the link that was shown to staff: %(did)s."),
    ),
    "request.reckoned": (
        _("What the payer is asked for was reckoned anew: at most %(rest)s more."),
        _("What the payer is asked for was reckoned anew: at most %(proposed)s, which they have yet to accept."),
        _("What the payer is asked for was reckoned anew: at most %(ceiling)s."),
        _("What the payer is asked for was reckoned anew."),
    ),
    "request.ending": (_("Nothing more is asked of the payer. What was sent is seen to its end."),),
    "request.nudged": (_("Another program said that something happened. The wallets are asked; it is not believed."),),
    "webhook.added": (_("A webhook endpoint was set up."),),
    "webhook.changed": (_("A webhook endpoint was changed."),),
    "webhook.secret_changed": (_("A webhook endpoint got a new secret."),),
    "webhook.switched_off": (_("A webhook endpoint was switched off."),),
    "webhook.switched_on": (_("A webhook endpoint was switched on again."),),
    "webhook_delivery.delivered": (_("Another program was told: %(event)s."), _("Another program was told.")),
    "webhook_delivery.failed": (
        _("Another program could not be told: %(event)s."),
        _("Another program could not be told."),
    ),
    "webhook_delivery.test_asked": (_("A test event was sent to a webhook endpoint."),),
    "webhook_delivery.asked_again": (
        _("Another program is told once more: %(event)s."),
        _("Another program is told once more."),
    ),
    "webhook_sender.added": (_("Another program may send us webhooks."),),
    "webhook_sender.secret_changed": (_("A sender of webhooks got another secret."),),
    "webhook_sender.switched_off": (_("A sender of webhooks was switched off."),),
    "webhook_sender.switched_on": (_("A sender of webhooks was switched on again."),),
    # Payments
    "payment.new": (
        _("%(amount)s is to reach %(receiver_wallet)s."),
        _("%(receiver_wallet)s is to get what %(pays)s buys."),
        _("A payment was made ready."),
    ),
    "payment.buys": (_("What the payer pays, %(pays)s, buys %(amount)s for the receiver."),),
    "payment.quoted": (_("The payment of %(amount)s has a quote."), _("The payment has a quote.")),
    "payment.approved": (
        _("The payment of %(amount)s is approved, not sent yet."),
        _("The payment is approved, not sent yet."),
    ),
    "payment.sending": (_("The payer's wallet is told to send %(amount)s."), _("The payer's wallet is told to send.")),
    "payment.sent": (
        _("The payer's wallet is sending %(amount)s. It has not arrived yet."),
        _("The payer's wallet is sending. It has not arrived yet."),
    ),
    "payment.unknown": (_("The payer's wallet did not answer clearly. It is being asked what happened."),),
    "payment.settled": (
        _("%(received)s arrived at %(receiver_wallet)s."),
        _("%(amount)s arrived at %(receiver_wallet)s."),
        _("The money arrived."),
    ),
    "payment.failed": (_("The payment of %(amount)s failed."), _("The payment failed.")),
    "payment.refund_asked": (
        _("%(payer)s is asked to send %(amount)s back to %(receiver)s."),
        _("%(amount)s is to be refunded."),
    ),
    "payment.lowered": (
        _("Fewer workers are paid than was approved, so the fee is %(amount)s instead of %(before)s."),
        _("Fewer workers are paid than was approved, so the fee is less."),
    ),
    "payment.cancelled": (_("The payment of %(amount)s was cancelled."), _("The payment was cancelled.")),
    "payment.needs_attention": (
        _("The payment of %(amount)s needs a person to look at it."),
        _("The payment needs a person to look at it."),
    ),
    "payment.released": (
        _("The work is accepted: %(amount)s may be sent under the approval."),
        _("The work is accepted: the payment may be sent under the approval."),
    ),
    "payment.taken_over": (_("From now on this person takes care of the payment."),),
    "payment.looked_again": (_("The wallets are asked again, now."),),
    "payment.decided": (
        _("Decided: “%(decision)s”. First the receiver's side is closed, so that nothing can arrive twice."),
        _("It was decided what becomes of the payment. First the receiver's side is closed."),
    ),
    "payment.undecided": (
        _("%(received)s has arrived meanwhile, so it is not sent again: it must be decided anew."),
        _("Something has arrived meanwhile: it must be decided anew."),
    ),
    "payment.approval_changed": (_("It is sent under another approval, which the payer gave since."),),
    "payment.noted": (
        _("Somebody saw to what had arrived after its end: %(received)s in all."),
        _("Somebody saw to what had arrived after its end."),
    ),
    "payment.outside_reported": (
        _("Reported as settled outside the wallets (%(way)s). Evidence: %(evidence)s"),
        _("Reported as settled outside the wallets (%(way)s). The evidence was erased."),
    ),
    "payment.outside_withdrawn": (
        _("The report of a settlement outside was withdrawn: “%(words)s”"),
        _("The report of a settlement outside was withdrawn."),
    ),
    "payment.settled_outside": (
        _("The payment of %(amount)s was settled outside the wallets, on the word of two people."),
        _("The payment was settled outside the wallets, on the word of two people."),
    ),
    "paid_outside.waiting": (
        _("Reported: %(amount)s was paid to %(receiver)s outside the wallets (%(way)s). Evidence: %(evidence)s"),
        _("Reported: %(amount)s was paid outside the wallets (%(way)s). The evidence was erased."),
    ),
    "paid_outside.confirmed": (
        _("A second person confirmed that %(amount)s was paid to %(receiver)s outside the wallets: it counts as paid."),
        _("A second person confirmed that %(amount)s was paid outside the wallets: it counts as paid."),
    ),
    "paid_outside.withdrawn": (
        _("The report that %(amount)s was paid to %(receiver)s outside the wallets was withdrawn: “%(words)s”"),
        _("The report that %(amount)s was paid outside the wallets was withdrawn."),
    ),
    # Standing budgets
    "budget.set_up": (
        _("A standing budget of at most %(limit)s in each period was set up."),
        _("A standing budget was set up."),
    ),
    "budget.approved": (_("The funder approved the standing budget in their wallet."),),
    "budget.paused": (_("The standing budget was paused."),),
    "budget.resumed": (_("The standing budget was resumed."),),
    "budget.drawn": (
        _("At most %(amount)s is paid from the standing budget, in its period %(period)s. The funder is told."),
        _("It is paid from the standing budget. The funder is told."),
    ),
    "budget.reserved": (
        _("%(amount)s was reserved in period %(period)s of the standing budget."),
        _("The amount was reserved in the standing budget."),
    ),
    "budget.given_back": (
        _("%(amount)s is free again in period %(period)s of the standing budget."),
        _("The amount is free again in the standing budget."),
    ),
    # Grants
    "grant.intended": (
        _("%(wallet_host)s is asked for permission %(what_for)s, at most %(limit)s."),
        _("%(wallet_host)s is asked for permission %(what_for)s."),
    ),
    "grant.pending": (
        _("%(wallet_host)s waits for the payer to approve at most %(limit)s."),
        _("%(wallet_host)s waits for the payer."),
    ),
    "grant.returned": (_("The payer came back from %(wallet_host)s, with a proof that was checked."),),
    "grant.continuing": (_("The permission %(what_for)s is collected from %(wallet_host)s."),),
    "grant.active": (
        _("%(wallet_host)s gave permission %(what_for)s, at most %(limit)s."),
        _("%(wallet_host)s gave permission %(what_for)s."),
    ),
    "grant.refused": (_("%(wallet_host)s refused permission %(what_for)s."),),
    "grant.lost": (_("The answer of %(wallet_host)s about permission %(what_for)s was lost."),),
    "grant.cancelling": (_("The permission %(what_for)s at %(wallet_host)s is being ended."),),
    "grant.ended": (_("The permission %(what_for)s at %(wallet_host)s has ended."),),
    # Attempts
    # Without an amount: a place that only serves to ask what a payment buys.
    "incoming.intended": (
        _("%(wallet_host)s is asked to expect %(amount)s."),
        _("%(wallet_host)s is asked for a place without an amount, to find out what the payment buys."),
    ),
    "incoming.open": (
        _("%(wallet_host)s expects %(amount)s."),
        _("%(wallet_host)s has a place without an amount, to find out what the payment buys."),
    ),
    "incoming.refused": (
        _("%(wallet_host)s refused to expect %(amount)s."),
        _("%(wallet_host)s refused a place without an amount."),
    ),
    "incoming.unknown": (
        _("%(wallet_host)s did not say whether it expects %(amount)s."),
        _("%(wallet_host)s did not say whether it has a place without an amount."),
    ),
    "incoming.done": (_("Nothing more can arrive for the %(amount)s that %(wallet_host)s expected."),),
    "incoming.read": (
        _("%(wallet_host)s says that %(received)s of %(amount)s has arrived."),
        _("%(wallet_host)s says that %(received)s has arrived."),
    ),
    "incoming.reopened": (
        _("%(wallet_host)s is asked once more what has arrived of %(amount)s."),
        _("%(wallet_host)s is asked once more what has arrived."),
    ),
    "incoming.failed": (
        _("%(wallet_host)s no longer expects %(amount)s."),
        _("%(wallet_host)s no longer has the place without an amount."),
    ),
    "quote.intended": (_("The payer's wallet is asked what it costs."),),
    "quote.open": (
        _("The payer's wallet quoted: it charges %(debit)s, and %(receive)s arrives."),
        _("The payer's wallet gave a quote."),
    ),
    "quote.refused": (_("The payer's wallet gave no quote."),),
    "quote.unknown": (_("The payer's wallet did not answer when it was asked for a quote."),),
    "quote.done": (_("The quote of %(debit)s for %(receive)s was used."), _("The quote was used.")),
    "quote.failed": (_("The quote of %(debit)s for %(receive)s is no longer good."), _("The quote is no longer good.")),
    "outgoing.intended": (
        _("The payer's wallet is asked to send: it charges %(debit)s, and %(receive)s arrives."),
        _("The payer's wallet is asked to send."),
    ),
    "outgoing.open": (
        _("The payer's wallet took the order: it charges %(debit)s, and %(receive)s arrives."),
        _("The payer's wallet took the order to pay."),
    ),
    "outgoing.refused": (_("The payer's wallet refused to pay. Nothing was charged."),),
    "outgoing.unknown": (_("The payer's wallet did not say whether it pays. Nothing is sent twice."),),
    "outgoing.done": (
        _("The payer's wallet has sent the money: it charged %(debit)s."),
        _("The payer's wallet has sent the money."),
    ),
    "outgoing.failed": (_("The payer's wallet could not send the money."),),
    "outgoing.fenced": (_("The receiver's side was closed before it could arrive."),),
    # Mail
    "message.queued": (
        _("An email to %(name)s waits to be sent: %(template)s."),
        _("An email waits to be sent: %(template)s."),
        _("An email waits to be sent."),
    ),
    "message.sent": (
        _("An email to %(name)s was sent: %(template)s."),
        _("An email was sent: %(template)s."),
        _("An email was sent."),
    ),
    "message.failed": (
        _("An email to %(name)s could not be delivered: %(template)s."),
        _("An email could not be delivered: %(template)s."),
        _("An email could not be delivered."),
    ),
    "mail_stop.set": (
        _("Mail to %(email)s is stopped. %(stopped)s. “%(words)s”"),
        _("Mail to %(email)s is stopped. %(stopped)s."),
        _("Mail to an address is stopped. %(stopped)s."),
        _("Mail to an address is stopped."),
    ),
    "mail_stop.lifted": (
        _("Mail goes to %(email)s again. “%(words)s”"),
        _("Mail goes to %(email)s again."),
        _("An address gets mail again."),
    ),
    # The platform
    "wallet.added": (_("The wallet address %(wallet)s was written down."), _("The wallet address was written down.")),
    "wallet.proven": (
        _("Whoever has %(wallet)s has proven that it is theirs."),
        _("It was proven whose wallet it is."),
    ),
    "wallet.checked": (_("The wallet address %(wallet)s was checked."), _("The wallet address was checked.")),
    "proof.asked": (_("Whoever has %(wallet)s is asked to prove that it is theirs."),),
    "proof.preparing": (_("%(wallet_host)s is asked for its page, to prove whose %(wallet)s is."),),
    "proof.pending": (_("%(wallet_host)s waits for its owner to confirm that %(wallet)s is theirs."),),
    "proof.returned": (_("The owner came back from %(wallet_host)s, with a proof that was checked."),),
    "proof.collecting": (_("What %(wallet_host)s says about the owner of %(wallet)s is collected."),),
    "proof.shown_link_used": (
        _("Through the copy of the link that %(who)s of the staff was shown: %(did)s."),
        _("Through a copy of the link that was shown to staff: %(did)s."),
    ),
    "proof.proven": (_("%(wallet_host)s says that %(wallet)s belongs to whoever got the link."),),
    "proof.ended": (_("The question whose %(wallet)s is ended without a proof."),),
    "proof_limit.set": (
        _("Above %(limit)s a receiver must have proven their wallet."),
        _("In every other currency, a receiver must have proven their wallet above %(every_other)s."),
    ),
    "proof_limit.removed": (
        _("The limit of %(limit)s for wallets that nobody has proven was removed."),
        _("The limit of %(every_other)s of every other currency, for wallets that nobody has proven, was removed."),
    ),
    "risk_level.set": (_("Before money is sent, “%(warning)s” is: %(level)s."),),
    "risk_level.removed": (_("Before money is sent, “%(warning)s” counts as it did at first again."),),
    "payment.warning_overridden": (
        _("Sent past a warning, “%(warning)s”: “%(reason)s”"),
        _("Sent past a warning, “%(warning)s”."),
    ),
    "payment.warning_lifted": (_("It goes on past the warning that stopped it."),),
    "payment.warning_stopped": (_("Approved, and stopped before it was sent by a warning: “%(warning)s”."),),
    "request.warnings_answered": (
        _("Looked at before money is sent: %(shown)s"),
        _("The warnings before money is sent were looked at."),
    ),
    "wallet.change_accepted": (
        _("%(wallet)s now answers as %(became)s (%(asset)s). One person accepted that; a second one must confirm it."),
    ),
    "wallet.change_refused": (
        _("%(wallet)s stays blocked: that it is %(became)s (%(asset)s) was not accepted. “%(words)s”"),
        _("%(wallet)s stays blocked: that it is %(became)s (%(asset)s) was not accepted."),
    ),
    "wallet.changed": (_("%(wallet)s is %(became)s (%(asset)s) from now on: two people accepted that."),),
    "seller.registered": (
        _("The seller %(seller)s was registered with the wallet address %(wallet)s and the key %(key_id)s."),
    ),
    "seller.changed": (_("The seller %(seller)s was changed: %(changed)s."), _("The seller was changed.")),
    "seller.retired": (_("The seller %(seller)s was retired: nothing new is asked for with it."),),
    "seller.resumed": (_("The seller %(seller)s is used again."),),
    "key.generated": (_("A new key “%(key_id)s” of the seller %(seller)s waits to be published at its wallet."),),
    "key.published": (_("The key “%(key_id)s” of the seller %(seller)s was seen at its wallet."),),
    "key.active": (_("The seller %(seller)s signs with the key “%(key_id)s” from now on."),),
    "key.replaced": (_("The key “%(key_id)s” of the seller %(seller)s only ends what was begun with it."),),
    "key.retired": (_("The key “%(key_id)s” of the seller %(seller)s was retired and its private part destroyed."),),
    "key.missing": (_("The key “%(key_id)s” of the seller %(seller)s is no longer published at its wallet."),),
    "chart.set": (
        _("The journal books as “%(account)s” what it booked as “%(before)s”."),
        _("An account of the journal has another name."),
    ),
    "chart.removed": (
        _("The journal books as “%(account)s” again what it booked as “%(before)s”."),
        _("An account of the journal has its usual name again."),
    ),
    "journal.downloaded": (
        _("The journal from %(first)s to %(last)s was downloaded (%(form)s)."),
        _("The journal was downloaded."),
    ),
    "limit.set": (
        _("A rule was set. %(rule)s"),
        _("Above %(limit)s a second person must authorise."),
        _("In every other currency, a second person must authorise above %(every_other)s."),
    ),
    "limit.removed": (
        _("A rule was removed. %(rule)s"),
        _("The limit of %(limit)s for a second person was removed."),
        _("The limit of %(every_other)s of every other currency, for a second person, was removed."),
    ),
    "proposal.waiting": (_("Proposed: %(proposal_title)s. %(changes)s"),),
    "proposal.approved": (_("Approved: %(proposal_title)s. %(changes)s"),),
    "proposal.rejected": (
        _("Rejected: %(proposal_title)s. %(changes)s “%(words)s”"),
        _("Rejected: %(proposal_title)s. %(changes)s"),
    ),
    "proposal.withdrawn": (_("Withdrawn: %(proposal_title)s. %(changes)s"),),
    "proposal.expired": (_("Nobody decided in time: %(proposal_title)s. %(changes)s"),),
    "proposal.superseded": (_("Overtaken by another change: %(proposal_title)s. %(changes)s"),),
    "glass.broken": (
        _("One person decided this alone, without a second one. Why: “%(words)s”"),
        _("One person decided this alone, without a second one. Their words were erased."),
    ),
    "glass.seen": (_("Another person has looked at what was decided alone."),),
    "pause.started": (
        _("New payments of the seller %(seller)s are paused."),
        _("New payments with the wallet host %(host)s are paused."),
        _("All new payments are paused."),
    ),
    "pause.ended": (
        _("New payments of the seller %(seller)s go on."),
        _("New payments with the wallet host %(host)s go on."),
        _("New payments go on."),
    ),
    "installation.moved": (_("The database woke up in another place than before."),),
    "installation.resealed": (
        _("Secrets in the database were encrypted anew under the key %(key)s: %(resealed)s of them."),
    ),
    "staff_note.written": (_("A note for colleagues was written."),),
    "exception.assigned": (_("An exception of reconciliation is taken care of by somebody."),),
    "exception.noted": (
        _("About an exception of reconciliation: “%(words)s”"),
        _("Something was noted about an exception of reconciliation. The words were erased."),
    ),
    "exception.resolved": (
        _("An exception of reconciliation was resolved: “%(words)s”"),
        _("An exception of reconciliation was resolved. The words were erased."),
    ),
    "source.set_up": (_("A source of statements was set up."),),
    "source.changed": (_("How statements of a source are read was changed."),),
    "statement.imported": (_("A statement was imported."),),
    "statement.discarded": (_("A statement was looked at and not imported."),),
    "queue.refused": (
        _("Somebody put “%(task)s” into the queue, which this program never does. It was refused."),
        _("Somebody put something into the queue that this program never does. It was refused."),
    ),
    "api_key.made": (_("An API key was made: “%(name)s”."), _("An API key was made.")),
    "api_key.replaced": (
        _("An API key was replaced by another. It can be used for a little longer: “%(name)s”."),
        _("An API key was replaced by another. It can be used for a little longer."),
    ),
    "api_key.revoked": (_("An API key was revoked: “%(name)s”."), _("An API key was revoked.")),
    "api_key.used": (_("A program did it, with the API key “%(name)s”."), _("A program did it, with an API key.")),
    "api_key.refused": (
        _("A program asked for it with the API key “%(name)s”, and was refused."),
        _("A program asked for it with an API key, and was refused."),
    ),
    "api_ask.made": (
        _("A program asked for it, with the API key “%(name)s”."),
        _("A program asked for it, with an API key."),
    ),
    "incoming_ask.made": (
        _("A program expects money at a seller's wallet, with the API key “%(name)s”."),
        _("A program expects money at a seller's wallet, with an API key."),
    ),
    "marketplace.added": (
        _("A marketplace may ask through the API: “%(name)s”."),
        _("A marketplace may ask through the API."),
    ),
    "marketplace.return_addresses_set": (
        _("Payers of “%(name)s” are led back to: %(addresses)s"),
        _("The addresses to which payers of a marketplace are led back were set."),
    ),
}
