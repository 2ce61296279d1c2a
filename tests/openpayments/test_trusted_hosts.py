"""Whom the operator trusts may name others that the operator trusts. Nobody else in the world may."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest

from payments.openpayments import network
from payments.openpayments.access import InteractRequest, incoming_access
from payments.openpayments.amounts import Amount, Asset
from payments.openpayments.client import Client
from payments.openpayments.errors import BadAnswer
from payments.openpayments.interaction import new_nonce
from payments.openpayments.signing import Signer
from payments.openpayments.transport import Deadline, Transport
from payments.openpayments.types import AccessToken
from payments.presentation.reasons import sentence, why
from tests.openpayments.answers import grant_with_interaction, grant_with_token, incoming, quote, wallet_address
from tests.openpayments.certificates import server_context
from tests.openpayments.wallet_server import Reply, WalletServer, wallet_server

USD = Asset("USD", 2)


@dataclass(frozen=True)
class Stage:
    """A client of two wallets: one inside, which the operator trusts, and one out in the world."""

    client: Client
    inside: WalletServer
    world: WalletServer


@pytest.fixture
def stage(wallet: WalletServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    def seems_public(_address: IPv4Address | IPv6Address) -> bool:
        return True

    # This machine stands in for the world.
    monkeypatch.setattr(network, "is_public", seems_public)
    tls, bundle = server_context(tmp_path, "wallet.example")
    trusted = frozenset({wallet.host, f"inside.example:{wallet.port}"})
    with (
        wallet_server(tls) as world,
        Transport(trusted, bundle, resolve=lambda _host, _port: ["127.0.0.1"]) as transport,
    ):
        world.origin = f"https://wallet.example:{world.port}"
        yield Stage(Client(transport), wallet, world)
        assert wallet.connections == 0 or world.connections == 0, "nothing is sent to an address that a stranger named"


def refused(call: Any, *arguments: Any, **options: Any) -> str:
    """Why, as people read it."""
    with pytest.raises(BadAnswer) as caught:
        call(*arguments, **options)
    assert caught.value.why == "trusted_host"
    return sentence(*why(caught.value))


@pytest.mark.parametrize("place", ["id", "authServer", "resourceServer"])
def test_a_wallet_of_the_world_names_no_server_inside(stage: Stage, deadline: Deadline, place: str) -> None:
    for named in (f"{stage.inside.origin}/x", f"https://inside.example:{stage.inside.port}/x"):
        stage.world.on("GET", "/alice", Reply(wallet_address(stage.world, **{place: named})))
        said = refused(stage.client.get_wallet_address, stage.world.alice, deadline=deadline)
        assert said.startswith(f"wallet.example:{stage.world.port} named an address inside this network")


def test_a_wallet_inside_may_name_any_of_the_hosts_that_are_listed(stage: Stage, deadline: Deadline) -> None:
    own = {"authServer": f"https://inside.example:{stage.inside.port}/auth", "resourceServer": "https://op.example/op"}
    stage.inside.on("GET", "/alice", Reply(wallet_address(stage.inside, **own)))
    found = stage.client.get_wallet_address(stage.inside.alice, deadline=deadline)
    assert {"authServer": found.auth_server, "resourceServer": found.resource_server} == own


def test_an_authorization_server_of_the_world_leads_nobody_inside(
    stage: Stage, signer: Signer, deadline: Deadline
) -> None:
    there, usual, asking = (
        f"{stage.inside.origin}/x",
        grant_with_token(stage.world),
        grant_with_interaction(stage.world),
    )
    person = InteractRequest("https://pay.example/finish", new_nonce())
    for answer, interact in (
        (usual | {"continue": {"uri": there, "access_token": {"value": "c"}}}, None),
        (usual | {"access_token": {"value": "v", "manage": there}}, None),
        (asking | {"interact": {"redirect": there, "finish": "f"}}, person),
    ):
        stage.world.on("POST", "/auth", Reply(answer))
        said = refused(
            stage.client.request_grant,
            f"{stage.world.origin}/auth",
            signer=signer,
            access=[incoming_access(["create"])],
            deadline=deadline,
            interact=interact,
        )
        assert "Nothing was sent to it." in said


def test_a_resource_server_of_the_world_puts_nothing_inside(stage: Stage, signer: Signer, deadline: Deadline) -> None:
    world, lie = stage.world, {"id": f"{stage.inside.origin}/x"}
    asked: dict[str, Any] = {
        "signer": signer,
        "token": AccessToken("t", f"{world.origin}/auth/token/1"),
        "wallet_address": world.alice,
        "deadline": deadline,
    }
    world.on("POST", "/op/incoming-payments", Reply(incoming(world) | lie, 201))
    amount = Amount(2500, USD)
    refused(stage.client.create_incoming_payment, world.op, amount=amount, expires_at=None, metadata=None, **asked)
    world.on("POST", "/op/quotes", Reply(quote(world) | lie, 201))
    refused(stage.client.create_quote, world.op, receiver=f"{world.origin}/op/incoming-payments/1", **asked)
