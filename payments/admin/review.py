"""What the review page of a payment request shows. Only reads: nothing here calls a wallet or changes a row."""

from hashlib import sha256
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from ledger.api import timeline
from payments import limits
from payments.admin.second_person_panel import second_person_panel
from payments.links import approval_url
from payments.models import Payment, PaymentRequest, WalletProof
from payments.models.payments import Block
from payments.models.standing_budgets import budget_of
from payments.presentation import budget_summary, timeline_lines
from payments.presentation.cost_summary import CostSummary, cost_line_of
from payments.presentation.next_step import next_step, waits_for_proof
from payments.presentation.reasons import sentence
from payments.presentation.status import request_status
from payments.presentation.timeline_text import describe
from payments.risk.answers import OVERRIDE
from payments.risk.warnings import RiskWarning, warnings_of
from payments.states import NEEDS_A_PERSON, OPEN_REQUESTS, PAID_REQUESTS, UNSENT, RequestState

TIMELINE_LIMIT = 300
#: Of one request: each has a few entries, and their receivers rarely need another.
MOST_PROOFS = 50
#: Read when nothing moves any more, or nothing will for a while.
CALM = {state for state in RequestState if state not in OPEN_REQUESTS} | {
    RequestState.QUOTED,
    RequestState.AWAITING_AUTHORISATION,
}
#: Whose receivers may have to prove their wallets first.
NOT_PAID_YET = {RequestState.QUOTING, RequestState.QUOTED, RequestState.AWAITING_AUTHORISATION, RequestState.APPROVED}
#: Of these, the ones in which nothing goes on before they have.
WAITS_FOR_PROOF = {RequestState.QUOTED, RequestState.AWAITING_AUTHORISATION}
#: The payer has, or had, a link.
SENT_STATES = {RequestState.AWAITING_APPROVAL, RequestState.APPROVED, *PAID_REQUESTS}


def problem_of(request: PaymentRequest) -> str:
    """Why the request is not where it should be; empty when all is well."""
    if request.is_stuck:
        return sentence("stuck", {"crash": request.crash})
    return "" if request.state in PAID_REQUESTS else sentence(request.reason, request.reason_params)


def review(request: PaymentRequest, reader: User | AnonymousUser) -> dict[str, Any]:
    """The context of the page, in a constant number of queries. The link only for who may send it, marked as theirs."""
    payments = list(
        request.payments.select_related("receiver_wallet").prefetch_related(
            "quotes", "incoming_payments__wallet", "outgoing_payments__quote"
        )
    )
    own = budget_of(request)
    grown = request.proposed if request.state == RequestState.AWAITING_AUTHORISATION else None
    bill = CostSummary(request, [cost_line_of(payment) for payment in payments], grown)
    unproven = limits.unproven(request) if request.state in NOT_PAID_YET else []
    asked = limits.asked_to_prove(unproven)
    all_asked = bool(unproven) and all(payment.receiver_wallet_id in asked for payment in unproven)
    waits = all_asked and request.state in WAITS_FOR_PROOF
    may_send = reader.has_perm("payments.request_paymentrequest")
    return {
        "request_row": request,
        "status": request_status(request, payments),
        "bill": bill,
        "budget": own or request.budget,
        "terms": budget_summary.terms(own) if own else [],
        "step": waits_for_proof([each.receiver_name for each in unproven]) if waits else next_step(request, payments),
        **second_person_panel(request),
        "problem": problem_of(request),
        "warnings": _warnings(request, payments),
        "may_override": reader.has_perm(OVERRIDE),
        "unproven": [(payment, asked.get(payment.receiver_wallet_id)) for payment in unproven],
        "all_asked": all_asked,
        "troubled": [
            payment for payment in payments if payment.state in NEEDS_A_PERSON or payment.blocked_by == Block.WARNING
        ],
        "approval_url": approval_url(request, reader.pk) if request.state in SENT_STATES and may_send else "",
        "attempts": _attempts(request, payments),
        "mails": list(request.messages.all()),
        "timeline": timeline_lines.lines(timeline(_subjects(request, payments), TIMELINE_LIMIT), describe),
    }


def _warnings(request: PaymentRequest, payments: list[Payment]) -> list[RiskWarning]:
    """Of what is not sent yet, while the request goes on."""
    if request.state not in OPEN_REQUESTS:
        return []
    unsent = [payment for payment in payments if payment.state in UNSENT]
    for payment in unsent:
        payment.request = request
    return warnings_of(unsent)


def _subjects(request: PaymentRequest, payments: list[Payment]) -> list[tuple[str, str]]:
    """The request, and what its receivers were asked to prove since it was made."""
    proofs = WalletProof.objects.filter(wallet__in={payment.receiver_wallet_id for payment in payments})
    since = proofs.filter(seller=request.seller_id, created_at__gte=request.created_at)
    return [("request", request.pk), *(("proof", pk) for pk in since.values_list("pk", flat=True)[:MOST_PROOFS])]


def version_of(request: PaymentRequest) -> str:
    """Changes whenever the request, a payment or a message of it moves: what the page's script compares."""
    moves = [(request.pk, request.state, request.changed_at, request.failures)]
    moves += request.payments.order_by("id").values_list("id", "state", "changed_at", "failures")
    moves += request.messages.order_by("id").values_list("id", "state", "changed_at", "attempts")
    told = "\n".join(" ".join(map(str, move)) for move in moves)
    return sha256(told.encode()).hexdigest()[:32]


def _attempts(request: PaymentRequest, payments: list[Payment]) -> list[dict[str, Any]]:
    """Everything that was ever tried at a wallet for this request, failures included, oldest first."""
    tried: list[dict[str, Any]] = [
        {
            "what": grant.get_kind_display(),
            "model": "grant",
            "row": grant,
            "host": grant.wallet.host,
            "amount": grant.limit,
        }
        for grant in request.grants.select_related("wallet")
    ]
    for payment in payments:
        tried += [
            {"model": "incomingpayment", "row": row, "host": row.wallet.host, "amount": row.amount}
            for row in payment.incoming_payments.all()
        ]
        payer_host = request.payer_wallet.host
        tried += [
            {"model": "quote", "row": row, "host": payer_host, "amount": row.debit, "arrives": row.receive}
            for row in payment.quotes.all()
        ]
        tried += [
            {"model": "outgoingpayment", "row": row, "host": payer_host, "amount": row.quote.debit}
            for row in payment.outgoing_payments.all()
        ]
    for attempt in tried:
        row = attempt["row"]
        attempt.setdefault("what", row._meta.verbose_name)  # noqa: SLF001 - Django's public name
        attempt["url_name"] = f"admin:payments_{attempt['model']}_change"
        attempt["reason"] = sentence(row.reason, row.reason_params)
    return sorted(tried, key=lambda attempt: (attempt["row"].created_at, attempt["row"].pk))
