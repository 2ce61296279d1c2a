"""What all stories share: who is there, and that staff send what is quoted and authorise what waits for two."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth.models import User

from payments.actions import requests, wallets
from payments.models import PaymentRequest, Seller, WalletAddress
from payments.models.messages import Template
from payments.openpayments.amounts import Asset
from payments.states import RequestState
from tests.cast import seller_with_key
from tests.faults.world import World

USD: Final = Asset("USD", 2)
#: What each worker gets, and the form in which staff ask for it.
AMOUNT: Final = 100_00
FORM: Final = "the-form"
A_MINUTE: Final = 60
A_DAY: Final = 24 * 3600
KEY_ID: Final = "k1"
CHECK_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Person:
    """Somebody with a wallet. `balance` is what they begin with, `fee` what their wallet takes for sending."""

    name: str
    balance: int = 0
    fee: int = 0
    asset: Asset = USD

    @property
    def email(self) -> str:
        return f"{self.name}@example.org"


SOL: Final = Person("sol", balance=1_000_00, fee=1_00)
MARIA: Final = Person("maria")
ANA: Final = Person("ana")
PLATFORM: Final = Person("platform")


class Story(ABC):
    """One way of paying, from nothing to its end. An instance remembers nothing: people go by what the rows say."""

    name: ClassVar[str]
    #: What it is, for the page of the docs.
    says: ClassVar[str]
    people: ClassVar[tuple[Person, ...]] = (SOL, MARIA, PLATFORM)
    #: Who is asked to approve, and how often that is in all when nothing is lost.
    payers: ClassVar[tuple[Person, ...]] = (SOL,)
    approvals: ClassVar[int] = 1
    #: In the end each of these has received and paid so many minor units, the wallet's fee included; others nothing.
    received: ClassVar[Mapping[Person, int]]
    paid: ClassVar[Mapping[Person, int]]
    #: The requests that there are in the end, by the form in which staff asked.
    forms: ClassVar[tuple[str, ...]] = (FORM,)
    mails: ClassVar[Counter[tuple[str, str]]]

    def seat(self, world: World, key: Ed25519PrivateKey) -> None:
        """What is there before the story begins."""
        seller_with_key(key, KEY_ID, id="platform", name="Tequio", wallet=world.wallet(PLATFORM), is_default=True)
        for name in ("rosa", "tomas"):
            User.objects.create_user(name, is_staff=True)

    def staff_act(self, world: World) -> bool:
        """Staff do the next thing that they see is to be done; whether there was one."""
        return self.go_on(world) or self._send()

    @abstractmethod
    def go_on(self, world: World) -> bool:
        """Ask for what was not asked for yet, and decide what waits for a decision; whether there was anything."""

    def send(self, request: PaymentRequest) -> None:
        """Staff have seen the quote."""
        requests.send(request.pk, by=rosa())

    def wait(self) -> int:
        """When nobody has anything to do: seconds until somebody looks again."""
        return A_MINUTE

    def is_over(self) -> bool:
        """Beside all requests having ended."""
        return True

    def faults(self, lost_approvals: int) -> Iterator[str]:
        """What else is wrong in the end."""
        del lost_approvals
        yield from ()

    def _send(self) -> bool:
        quoted = list(PaymentRequest.objects.filter(state=RequestState.QUOTED))
        for request in quoted:
            self.send(request)
        waiting = list(PaymentRequest.objects.filter(state=RequestState.AWAITING_AUTHORISATION))
        for request in waiting:
            requests.authorise(request.pk, by=tomas())
        return bool(quoted or waiting)


def rosa() -> User:
    return User.objects.get(username="rosa")


def tomas() -> User:
    return User.objects.get(username="tomas")


def seller() -> Seller:
    return Seller.objects.select_related("wallet").get()


def request_of(form: str) -> PaymentRequest | None:
    return PaymentRequest.objects.filter(form_id=form).first()


def look_up(addresses: Iterable[WalletAddress]) -> None:
    """Their wallets have told their currencies long ago."""
    for address in addresses:
        wallets.check(address.pk, CHECK_SECONDS)


def told(payer: Person, *workers: Person) -> Counter[tuple[str, str]]:
    """The mails of one request: its payer is asked and has a receipt, who is paid hears of it."""
    paid = [(Template.PAID.value, worker.email) for worker in workers]
    return Counter([(Template.APPROVAL.value, payer.email), (Template.RECEIPT.value, payer.email), *paid])
