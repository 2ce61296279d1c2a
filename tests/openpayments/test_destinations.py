"""Where a request may lead: public addresses only, the ones that were checked, under the certificate of the name."""

import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from payments.openpayments.errors import NotSent, UnsafeUrl
from payments.openpayments.operations import Operation
from payments.openpayments.transport import Answer, Deadline, Transport
from tests.openpayments.certificates import server_context
from tests.openpayments.wallet_server import Reply, WalletServer, wallet_server

READ = Operation.GET_WALLET_ADDRESS
PAY = Operation.CREATE_OUTGOING_PAYMENT


def fetch(transport: Transport, url: str, operation: Operation = READ, seconds: float = 5) -> Answer:
    return transport.send(operation, url, deadline=Deadline.after(seconds))


@pytest.fixture
def transport(wallet: WalletServer) -> Iterator[Transport]:
    with Transport(frozenset({wallet.host})) as transport:
        yield transport


def test_a_closed_port_means_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Transport(frozenset({f"localhost:{port}"})) as transport, pytest.raises(NotSent) as caught:
        fetch(transport, f"http://localhost:{port}/", PAY)
    assert caught.value.why == "connect"
    assert not caught.value.outcome_unknown


def test_no_time_left_means_not_sent(wallet: WalletServer, transport: Transport) -> None:
    with pytest.raises(NotSent) as caught:
        fetch(transport, f"{wallet.origin}/", PAY, seconds=0)
    assert caught.value.why == "time_out"
    assert wallet.connections == 0


class Names:
    """A resolver whose answers a test decides, one after the other; the last one stays."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["::ffff:127.0.0.1"],
        ["fe80::1%lo"],
        ["64:ff9b::7f00:1"],
        ["169.254.169.254"],
        ["not an address"],
    ],
)
def test_a_name_that_leads_to_a_private_address_is_never_called(wallet: WalletServer, addresses: list[str]) -> None:
    names = Names(addresses)
    with Transport(frozenset({wallet.host}), resolve=names) as transport, pytest.raises(UnsafeUrl) as caught:
        fetch(transport, f"https://wallet.example:{wallet.port}/alice", PAY)
    assert caught.value.why == "private_address"
    assert not caught.value.outcome_unknown
    assert wallet.connections == 0
    assert len(names.asked) == 1


def test_a_name_is_resolved_once_per_connection_and_that_answer_is_used(wallet: WalletServer) -> None:
    names = Names(["127.0.0.1"], ["192.0.2.1"])
    wallet.on("GET", "/alice", Reply({}))
    with Transport(frozenset({f"rebinding.example:{wallet.port}"}), resolve=names) as transport:
        for _ in range(3):
            fetch(transport, f"http://rebinding.example:{wallet.port}/alice")
    assert names.asked == [("rebinding.example", wallet.port)]
    assert wallet.received[0].header("host") == f"rebinding.example:{wallet.port}"


def test_trust_is_for_one_port_only(wallet: WalletServer) -> None:
    with Transport(frozenset({"localhost:1"})) as transport, pytest.raises(UnsafeUrl) as caught:
        fetch(transport, f"https://localhost:{wallet.port}/")
    assert caught.value.why == "private_address"
    with Transport(frozenset({"localhost:1"})) as transport, pytest.raises(UnsafeUrl) as caught:
        fetch(transport, f"{wallet.origin}/")
    assert caught.value.why == "not_https"
    assert wallet.connections == 0


def test_the_next_address_is_tried_when_one_refuses(wallet: WalletServer) -> None:
    wallet.on("GET", "/alice", Reply({}))
    names = Names(["::1", "127.0.0.2", "127.0.0.1"])
    with Transport(frozenset({f"many.example:{wallet.port}"}), resolve=names) as transport:
        assert fetch(transport, f"http://many.example:{wallet.port}/alice").status == 200


@pytest.mark.parametrize("answer", [OSError("no such name"), UnicodeError("odd"), []])
def test_an_unknown_name_means_not_sent(answer: Sequence[str] | Exception) -> None:
    with Transport(resolve=Names(answer)) as transport, pytest.raises(NotSent) as caught:
        fetch(transport, "https://wallet.example/alice", PAY)
    assert caught.value.why == "dns"


def test_a_resolver_that_hangs_is_not_waited_for() -> None:
    release = threading.Event()

    def hang(_host: str, _port: int) -> Sequence[str]:
        release.wait(5)
        return ["127.0.0.1"]

    with Transport(resolve=hang) as transport, pytest.raises(NotSent) as caught:
        fetch(transport, "https://wallet.example/alice", PAY, seconds=0.1)
    release.set()
    assert caught.value.why == "time_out"


# TLS


def test_the_certificate_has_to_fit_the_name_and_not_the_address(tmp_path: Path) -> None:
    tls, bundle = server_context(tmp_path, "wallet.example")
    with wallet_server(tls) as wallet:
        wallet.on("GET", "/alice", Reply({}))
        names = Names(["127.0.0.1"])
        hosts = frozenset({f"wallet.example:{wallet.port}", f"other.example:{wallet.port}"})
        with Transport(hosts, bundle, resolve=names) as transport:
            assert fetch(transport, f"https://wallet.example:{wallet.port}/alice").status == 200
            with pytest.raises(NotSent) as caught:
                fetch(transport, f"https://other.example:{wallet.port}/alice", PAY)
        assert caught.value.why == "tls"
        with Transport(hosts, resolve=names) as transport, pytest.raises(NotSent) as caught:
            fetch(transport, f"https://wallet.example:{wallet.port}/alice", PAY)
        assert caught.value.why == "tls"
        assert len(wallet.received) == 1


def test_a_server_without_tls_is_not_spoken_to(wallet: WalletServer, transport: Transport) -> None:
    with pytest.raises(NotSent) as caught:
        fetch(transport, f"https://localhost:{wallet.port}/alice", PAY)
    assert caught.value.why == "tls"


def test_a_tls_handshake_that_never_ends_is_cut_off() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Transport(frozenset({f"localhost:{listener.getsockname()[1]}"})) as transport,
        pytest.raises(NotSent) as caught,
    ):
        fetch(transport, f"https://localhost:{listener.getsockname()[1]}/", PAY, seconds=0.2)
    assert caught.value.why == "time_out"


def test_a_token_that_would_break_the_header_is_never_sent(wallet: WalletServer, transport: Transport) -> None:
    with pytest.raises(ValueError, match="visible ASCII"):
        transport.send(PAY, f"{wallet.origin}/", deadline=Deadline.after(1), token="a\r\nX: b")
    assert wallet.connections == 0
