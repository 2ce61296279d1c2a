"""Calls to wallet addresses: open to everybody, unsigned."""

from payments.openpayments import parsing
from payments.openpayments.client.asking import Asking
from payments.openpayments.errors import BadAnswer
from payments.openpayments.keys import Jwk
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Deadline
from payments.openpayments.types import RemoteWalletAddress


class WalletCalls(Asking):
    def get_wallet_address(self, url: str, *, deadline: Deadline) -> RemoteWalletAddress:
        """What `url` says about its wallet. The `id` in the answer is proven to be that wallet's own.

        A host may answer with the id of a wallet elsewhere. Then that id is asked too, and both have to agree in
        everything that leads money: id, servers, asset. Else a hostile host could claim another wallet.
        """
        wallet = self._one_wallet_address(url, deadline)
        if wallet.id == url:
            return wallet
        owner = self._one_wallet_address(wallet.id, deadline)
        claims = (wallet.id, wallet.auth_server, wallet.resource_server, wallet.asset)
        if claims != (owner.id, owner.auth_server, owner.resource_server, owner.asset):
            raise BadAnswer(
                Operation.GET_WALLET_ADDRESS, url, "claims a wallet that describes itself otherwise", "other_id"
            )
        return owner

    def _one_wallet_address(self, url: str, deadline: Deadline) -> RemoteWalletAddress:
        return self._ask(Operation.GET_WALLET_ADDRESS, url, parsing.wallet_address, deadline=deadline)

    def get_keys(self, wallet_address_id: str, *, deadline: Deadline) -> list[Jwk]:
        """The Ed25519 keys that the wallet address publishes: with which its signatures are verified."""
        url = f"{wallet_address_id.rstrip('/')}/jwks.json"
        return list(self._ask(Operation.GET_KEYS, url, parsing.keys, deadline=deadline))
