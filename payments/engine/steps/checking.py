"""Looking up a wallet address at its wallet (Open Payments: `get-wallet-address`)."""

from dataclasses import dataclass
from typing import Any

from ledger import clock
from ledger.api import record
from payments.engine.steps.base import ENGINE, Step
from payments.locking import lock
from payments.models import WalletAddress
from payments.openpayments.client import Client
from payments.openpayments.errors import OpenPaymentsError, Refused
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.openpayments.types import RemoteWalletAddress as Found
from payments.presentation.reasons import why

NOT_THERE = {404, 410}


def as_found(found: Found) -> dict[str, str | int]:
    """What the wallet says of itself, as the columns that would keep it."""
    return {
        "canonical_id": found.id,
        "public_name": found.public_name or "",
        "asset_code": found.asset.code,
        "asset_scale": found.asset.scale,
        "auth_server": found.auth_server,
        "resource_server": found.resource_server,
    }


@dataclass(frozen=True)
class CheckWallet(Step):
    operation = Operation.GET_WALLET_ADDRESS

    wallet_id: int
    url: str

    @property
    def address(self) -> str:
        return self.url

    @property
    def shared_row(self) -> int:
        return self.wallet_id

    def call(self, client: Client, deadline: Deadline) -> Found:
        return client.get_wallet_address(self.url, deadline=deadline)

    def apply(self, found: Found) -> None:
        wallet = self._locked()
        if wallet.is_known and (wallet.canonical_id, wallet.asset) != (found.id, found.asset):
            # Somebody else's wallet, or another currency, behind the same address: a person must look at it.
            self._note(wallet, "wallet_renamed", {"wallet": wallet.url}, found_instead=as_found(found))
            return
        self._note(wallet, "", {}, **as_found(found))

    def failed(self, error: OpenPaymentsError) -> None:
        code, params = why(error)
        if isinstance(error, Refused) and error.status in NOT_THERE:
            code, params = "wallet_not_found", {"wallet": self.url}
        elif isinstance(error, Refused) and error.is_final:
            code = "wallet_garbage"
        self._note(self._locked(), code, params)

    def _locked(self) -> WalletAddress:
        return lock(WalletAddress.objects.all(), self.wallet_id)

    def _note(self, wallet: WalletAddress, problem: str, params: dict[str, str], **found: Any) -> None:
        """Keep what was found, and nothing else: whether control of it was proven, or a change accepted, is others'."""
        now = clock.now()
        told = {"problem": problem, "found_instead": {}} | found
        is_news = not wallet.checked_at or any(getattr(wallet, column) != value for column, value in told.items())
        wallet.keep(**told, problem_params=params, checked_at=now, changed_at=now)
        if is_news:
            record(
                "wallet.checked",
                actor=ENGINE,
                subjects={"wallet": str(wallet.pk)},
                data={
                    "wallet": wallet.url,
                    "asset": f"{wallet.asset_code}/{wallet.asset_scale}" if wallet.is_known else "",
                    "reason": problem,
                },
            )
