"""Wallet addresses that no wallet serves: for all that calls nobody."""

from typing import Any

from ledger import clock
from payments.models import WalletAddress


def wallet(name: str, code: str = "MXN", scale: int = 2, **columns: Any) -> WalletAddress:
    """A wallet (an address, or a name at wallet.example) that was checked and can be used; always the same one."""
    url = name if "://" in name else f"https://wallet.example/{name}"
    known = {
        "canonical_id": url,
        "public_name": url.rpartition("/")[2].title(),
        "asset_code": code,
        "asset_scale": scale,
        "auth_server": "https://auth.wallet.example/",
        "resource_server": "https://wallet.example/",
        "checked_at": clock.now(),
    }
    return WalletAddress.objects.get_or_create(url=url, defaults={**known, **columns})[0]


def unchecked_wallet(name: str) -> WalletAddress:
    return WalletAddress.objects.create(url=f"https://wallet.example/{name}")
