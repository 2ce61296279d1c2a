"""What background workers are told to do. Each may run twice, at once, or late: the rows decide what is left to do."""

from django_q.tasks import async_task

from payments.actions import incoming_looks, proposals, seller_keys, wallets, webhook_endpoints
from payments.engine import prove_wallet
from payments.mail import reminders
from payments.mail.sending import send
from payments.reconciliation.run import reconcile as reconcile_lists
from payments.worker import ledger_checks, webhook_turns
from payments.worker.pool import work

#: A worker stays with payment requests this long before other tasks get their turn.
TURN_SECONDS = 6.0
CHECK_SECONDS = 12.0
RECONCILE_SECONDS = 600.0
LOOK_SECONDS = 10.0


def advance_request(request_id: str) -> None:
    """Somebody changed this request: work on it, and on what else is due."""
    work(TURN_SECONDS, first=request_id)


def advance_due() -> None:
    work(TURN_SECONDS)


def check_wallet(wallet_id: int) -> None:
    wallets.check(wallet_id, CHECK_SECONDS)


def collect_proof(proof_id: str) -> None:
    """The owner of a wallet came back: collect what their wallet says."""
    prove_wallet.collect(proof_id, CHECK_SECONDS)


def look_at_keys() -> None:
    """Daily: whether the sellers' keys are still published, and which old ones are over."""
    seller_keys.look_daily()


def expire_proposals() -> None:
    proposals.expire_due()


def check_ledger_quickly() -> None:
    """Every few minutes: what money may still move by, against what the ledger says of it."""
    ledger_checks.check_quickly()


def check_ledger() -> None:
    """Nightly: the whole ledger, and everything that it vouches for."""
    ledger_checks.check_everything()


def reconcile() -> None:
    """Nightly: what wallets list against what we say; exceptions wait for finance."""
    reconcile_lists(RECONCILE_SECONDS)


def deliver_webhooks() -> None:
    """Some endpoint has something due: serve it, and others."""
    webhook_turns.work()


def forget_old_webhooks() -> None:
    """Nightly: of deliveries that are over, and of webhooks that were taken, the old ones go."""
    webhook_endpoints.forget_old()


def remind_payers(after: str = "") -> None:
    """Every half an hour: payers who have not answered, by day; those beyond the first in a task of their own."""
    if last := reminders.remind(after):
        async_task("payments.tasks.remind_payers", last)


def look_at_expected_money() -> None:
    """Every minute: what has arrived where programs expect money; what one turn leaves is left to another task."""
    if incoming_looks.look_at_due(LOOK_SECONDS):
        async_task("payments.tasks.look_at_expected_money")


def send_message(message_id: str) -> None:
    send(message_id)
