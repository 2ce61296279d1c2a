"""Registering the platform's own accounts, from the admin, a command, or the settings."""

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from ledger import clock
from ledger.api import Actor, record
from ledger.content import Json
from payments.actions import seller_keys, wallets
from payments.models import Seller, SellerKey
from payments.openpayments.amounts import Amount
from payments.openpayments.keys import Jwk, KeyFormatError, private_key_from_pem, public_jwk
from payments.presentation.reasons import Refusal
from payments.states import KeyState

READABLE_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH
LARGEST_KEY_FILE = 16 * 1024  # bytes; an Ed25519 key in PEM has about 120
SETTINGS = ("SELLER_ID", "SELLER_WALLET_ADDRESS_URL", "SELLER_KEY_ID", "SELLER_PRIVATE_KEY_PATH")


class KeyFileError(ValueError):
    """A private key that cannot be taken from its file. The message is a sentence for whoever runs the platform."""


@dataclass(frozen=True)
class SellerFee:
    """What a seller takes on top of what workers get: a share in basis points, or an amount for each worker, or 0."""

    share: int = 0
    each: Amount | None = None

    def columns(self) -> dict[str, Any]:
        """As the seller's row keeps it."""
        assert not (self.share and self.each), "a fee is a share or an amount"
        each = self.each
        return {
            "fee_share": self.share,
            "fee_value": each.value if each else None,
            "fee_code": each.asset.code if each else "",
            "fee_scale": each.asset.scale if each else None,
        }


def register(  # noqa: PLR0913 - the parts of a seller, each named where it is called
    id: str,  # noqa: A002 - the column's name
    wallet_url: str,
    key_id: str | None = None,
    pem: str | None = None,
    name: str | None = None,
    *,
    default: bool | None = None,
    may_hold_money: bool | None = None,
    approval_email: str | None = None,
    approval_language: str | None = None,
    fee: SellerFee | None = None,
    actor: Actor | None = None,
) -> Seller:
    """Make the seller `id`, or bring it up to date. The same again changes nothing and records nothing.

    What is None is left as it is; a new seller is then called by its id, and is the default when there is none yet.
    `pem` is an Ed25519 key in PKCS#8, kept encrypted, with its `key_id`; a new seller needs both. One that the seller
    does not have yet is used at once, one that it has had changes nothing. Raises KeyFormatError for another key or key
    id, Refusal for a wallet address that can't be one, a key id that names another key, or a seller that is to hold
    money without anybody who approves what is paid out of it.
    """
    with transaction.atomic():
        wallet = wallets.find_or_add(wallet_url)
        seller = Seller.objects.select_related("wallet").filter(pk=id).first()
        if seller is None:
            seller = Seller(id=id, name=id)
            if default is None:
                default = not Seller.objects.filter(is_default=True).exists()
        before = _facts(seller) if not seller._state.adding else None  # noqa: SLF001 - Django's public name
        contact = _contact(seller)
        wanted = {
            "wallet_id": wallet.pk,
            "name": name,
            "is_default": default,
            "may_hold_money": may_hold_money,
            "approval_email": approval_email,
            "approval_language": approval_language,
        }
        if pem is not None:
            check_key(key_id or "", pem)
        elif seller._state.adding:  # noqa: SLF001 - Django's public name
            raise KeyFormatError("a new seller needs its private key")
        changed = _set(seller, wanted)
        if seller.may_hold_money and not seller.approval_email and {"may_hold_money", "approval_email"} & set(changed):
            raise Refusal("holder_without_contact")
        if fee is not None and fee != fee_of(seller):
            changed.append("fee")
            for column, value in fee.columns().items():
                setattr(seller, column, value)
        actor = actor or Actor.system("settings")
        _yield_default(seller, actor)
        is_new = _save(seller, changed) if changed else False
        if pem is not None and _take_key(seller, str(key_id), pem, actor):
            changed.append("key")
        if changed:
            _tell("seller.registered" if is_new else "seller.changed", seller, changed, actor, before, contact)
            if wallet.checked_at is None:
                async_task("payments.tasks.check_wallet", wallet.pk)
    return seller


def _set(seller: Seller, wanted: dict[str, Any]) -> list[str]:
    """Give `seller` what is wanted of it; returns the names of what was different."""
    changed = []
    for column, value in wanted.items():
        if value is not None and getattr(seller, column) != value:
            setattr(seller, column, value)
            changed.append(column.removesuffix("_id") if column == "wallet_id" else column)
    return changed


def _take_key(seller: Seller, kid: str, pem: str, actor: Actor) -> bool:
    """Use this key from now on, unless the seller has or had it: after a rotation, old settings bring back none."""
    if known := seller_keys.known_key(seller, kid, pem):
        return seller_keys.repair(known, pem)
    if waiting := seller_keys.next_key(seller):
        raise Refusal("next_key_exists", key_id=waiting.kid)
    seller_keys.switch(seller, seller_keys.add(seller, kid, pem, actor=actor), actor=actor)
    return True


def _save(seller: Seller, changed: list[str]) -> bool:
    """Keep what changed, and nothing else of a seller that is there already; whether it is a new one."""
    new = seller._state.adding  # noqa: SLF001 - Django's public name
    seller.changed_at = clock.now()
    if new:
        seller.save(force_insert=True)
        return True
    fee = set(SellerFee().columns()) if "fee" in changed else set()
    seller.save(update_fields={*changed, *fee, "changed_at"} - {"fee"})
    return False


def _yield_default(seller: Seller, actor: Actor) -> None:
    """Whichever seller was the default until now is not any more."""
    if not seller.is_default:
        return
    for other in Seller.objects.select_related("wallet").exclude(pk=seller.pk).filter(is_default=True):
        before = _facts(other)
        other.is_default, other.changed_at = False, clock.now()
        other.save(update_fields={"is_default", "changed_at"})
        _tell("seller.changed", other, ["is_default"], actor, before, _contact(other))


def fee_of(seller: Seller) -> SellerFee:
    return SellerFee(seller.fee_share, seller.fee_each)


def check_key(key_id: str, pem: str) -> None:
    """Raises KeyFormatError unless both can sign for a wallet address. Its words never repeat the key."""
    public_jwk(private_key_from_pem(pem), key_id)


def published_key(seller: Seller) -> Jwk:
    """What the seller's wallet address must list in its `jwks.json`."""
    return _active(seller).jwk


def _active(seller: Seller) -> SellerKey:
    return seller.keys.get(state=KeyState.ACTIVE)


@transaction.atomic
def retire(seller_id: str, *, by: User) -> Seller:
    """Ask for nothing new with this seller; what was asked goes on. Raises Refusal for the default one."""
    seller = Seller.objects.select_related("wallet").get(pk=seller_id)
    if seller.is_default:
        raise Refusal("seller_is_default")
    return _set_retired(seller, by, "seller.retired")


@transaction.atomic
def resume(seller_id: str, *, by: User) -> Seller:
    """Ask for payments with this seller again."""
    return _set_retired(Seller.objects.select_related("wallet").get(pk=seller_id), by, "seller.resumed")


def _set_retired(seller: Seller, by: User, kind: str) -> Seller:
    retired = kind == "seller.retired"
    if bool(seller.retired_at) != retired:
        seller.retired_at = clock.now() if retired else None
        Seller.objects.filter(pk=seller.pk).update(retired_at=seller.retired_at, changed_at=clock.now())
        _tell(kind, seller, [], Actor.staff(by.pk), None, _contact(seller))
    return seller


def read_key_file(path: Path) -> str:
    """The key's PEM. Raises KeyFileError when the file is missing, too large, or open to others on this machine."""
    try:
        found = path.stat()
        if found.st_mode & READABLE_BY_OTHERS:
            raise KeyFileError(
                _("%(path)s can be read by other people on this machine. Run “chmod 600 %(path)s” first.")
                % {"path": path}
            )
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_KEY_FILE:
            raise KeyFileError(_("%(path)s is not a key file.") % {"path": path})
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise KeyFileError(
            _("%(path)s cannot be read (%(why)s).") % {"path": path, "why": error.strerror or error}
        ) from error
    except UnicodeDecodeError:
        raise KeyFileError(_("%(path)s is not a key file.") % {"path": path}) from None  # it quotes the content


def register_from_settings() -> Seller | None:
    """The default seller of the environment, as `SELLER_…` describe it; None when they are not set.

    Raises ImproperlyConfigured, with a sentence, when only some are set or the key can't be used.
    """
    values = {name: getattr(settings, name) for name in SETTINGS}
    if not any(values.values()):
        return None
    if missing := [name for name, value in values.items() if not value]:
        raise ImproperlyConfigured(f"The SELLER_ settings belong together: {', '.join(missing)} is not set.")
    path = Path(values["SELLER_PRIVATE_KEY_PATH"])
    try:
        pem = read_key_file(path)
        return register(values["SELLER_ID"], values["SELLER_WALLET_ADDRESS_URL"], values["SELLER_KEY_ID"], pem)
    except KeyFileError as error:
        raise ImproperlyConfigured(f"SELLER_PRIVATE_KEY_PATH: {error}") from error
    except KeyFormatError as error:
        raise ImproperlyConfigured(f"SELLER_PRIVATE_KEY_PATH or SELLER_KEY_ID: {error}.") from error
    except Refusal as refusal:
        raise ImproperlyConfigured(f"The SELLER_ settings: {refusal}") from refusal


def _facts(seller: Seller) -> dict[str, Json]:
    """What an entry says of a seller, but for its keys: they have entries of their own."""
    return {
        "wallet": seller.wallet.url,
        "is_default": seller.is_default,
        "may_hold_money": seller.may_hold_money,
        "fee_basis_points": seller.fee_share,
        "fee_each": {**seller.fee_each.to_wire()} if seller.fee_each else None,
    }


def _contact(seller: Seller) -> dict[str, str]:
    """What names people: who approves what is paid out of it, and how it is called."""
    return {"name": seller.name, "approval_email": seller.approval_email}


def _tell(  # noqa: PLR0913, PLR0917 - what changed, as it was and is
    kind: str, seller: Seller, changed: list[str], actor: Actor, before: dict[str, Json] | None, contact: dict[str, str]
) -> None:
    key, now = _active(seller), _facts(seller)
    was: dict[str, Json] = {name: value for name, value in (before or {}).items() if now[name] != value}
    called = {f"{name}_before": value for name, value in contact.items() if _contact(seller)[name] != value}
    private = {name: value for name, value in {**_contact(seller), **called}.items() if value}
    record(
        kind,
        actor=actor,
        subjects={"seller": seller.pk, "wallet": str(seller.wallet_id)},
        data={
            "seller": seller.pk,
            "key_id": key.kid,
            "public_key": key.public,
            **now,
            "changed": ", ".join(sorted(changed)),
            **({"before": was} if was else {}),
        },
        private=private if before is None or called else None,
    )
