"""What a payer does on their wallet's page, and on the way back from it."""

from payments import links
from payments.actions import approvals
from payments.models import Grant, PaymentRequest
from payments.models.fields import amount_of
from tests.chaos.world import World
from tests.driver import asked_back, come_back
from tests.sandbox.process import SandboxProcess, SandboxRefusedError


def approve(sandbox: SandboxProcess, page: str) -> str | None:
    """Where the wallet sends the browser; None when that page is over."""
    try:
        return sandbox.approve(page)
    except SandboxRefusedError:
        return None


def reject(sandbox: SandboxProcess, page: str) -> str | None:
    try:
        return sandbox.reject(page)
    except SandboxRefusedError:
        return None


def forge(request: PaymentRequest, finish: str) -> None:
    """Somebody who saw the address tries another reference, and one tries without our own part of it."""
    assert come_back(request.pk, finish, changed="0") == "wrong_hash"
    query = asked_back(finish)
    assert approvals.came_back(request.pk, None, interact_ref=query["hash"], hash=query["hash"]) == "wrong_hash"


def remember(world: World, request: PaymentRequest, finish: str) -> None:
    """What this payer saw on our page when they approved."""
    grant = Grant.objects.get(pk=links.read_return(asked_back(finish)["return"]))
    request.refresh_from_db()
    rest = amount_of(request.shown, request.asset_code, request.asset_scale)
    assert rest
    world.shown[grant.pk] = rest


def request_id(finish: str) -> str:
    """The payment request that the address is about."""
    return asked_back(finish)["pendingId"]
