import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from payments.openpayments.errors import OpenPaymentsError, Refused, Unanswered, WalletFailed
from payments.openpayments.operations import Operation
from payments.openpayments.signing import Signer
from payments.openpayments.transport import Answer, Deadline, Transport
from tests.openpayments.wallet_server import RawServer, Reply, WalletServer, raw_server

READ = Operation.GET_WALLET_ADDRESS
PAY = Operation.CREATE_OUTGOING_PAYMENT
Talk = Callable[[socket.socket, threading.Event], None]


def fetch(transport: Transport, url: str, operation: Operation = READ, seconds: float = 5) -> Answer:
    return transport.send(operation, url, deadline=Deadline.after(seconds))


@contextlib.contextmanager
def talking(talk: Talk) -> Iterator[tuple[RawServer, Transport]]:
    with raw_server(talk) as server, Transport(frozenset({server.host})) as transport:
        yield server, transport


@pytest.fixture
def transport(wallet: WalletServer) -> Iterator[Transport]:
    with Transport(frozenset({wallet.host})) as transport:
        yield transport


def test_an_answer_comes_back_whole(wallet: WalletServer, transport: Transport) -> None:
    wallet.on("GET", "/alice", Reply({"id": "ñ"}))
    answer = fetch(transport, f"{wallet.origin}/alice")
    assert (answer.status, answer.json()) == (200, {"id": "ñ"})
    assert "ñ" not in repr(answer)


def test_the_request_asks_for_plain_json_and_carries_the_token(
    wallet: WalletServer, transport: Transport, signer: Signer
) -> None:
    wallet.on("POST", "/op/quotes", Reply({}, 201))
    transport.send(
        Operation.CREATE_QUOTE,
        f"{wallet.origin}/op/quotes",
        deadline=Deadline.after(5),
        body={"a": "é"},
        signer=signer,
        token="TOKEN",
    )
    (request,) = wallet.received
    assert request.body == '{"a":"é"}'.encode()
    assert request.header("accept") == "application/json"
    assert request.header("accept-encoding") == "identity"
    assert request.header("authorization") == "GNAP TOKEN"
    assert request.header("content-type") == "application/json"
    assert request.header("content-length") == "10"
    assert request.header("cookie") is None
    assert 'keyid="key-1"' in (request.header("signature-input") or "")


def test_connections_are_reused(wallet: WalletServer, transport: Transport) -> None:
    wallet.on("GET", "/alice", Reply({}))
    for _ in range(5):
        fetch(transport, f"{wallet.origin}/alice")
    assert wallet.connections == 1


def test_many_threads_share_one_transport(wallet: WalletServer, transport: Transport) -> None:
    wallet.on("GET", "/alice", lambda request: Reply({"path": request.path}))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: fetch(transport, f"{wallet.origin}/alice?{n}").json(), range(100)))
    assert answers == [{"path": f"/alice?{n}"} for n in range(100)]


def test_redirects_are_not_followed(wallet: WalletServer, transport: Transport) -> None:
    for status in (301, 302, 303, 307, 308):
        wallet.on("GET", "/alice", Reply(None, status, {"Location": f"{wallet.origin}/other"}))
        with pytest.raises(WalletFailed) as caught:
            fetch(transport, f"{wallet.origin}/alice")
        assert caught.value.status == status
        assert caught.value.is_redirect
    assert {request.path for request in wallet.received} == {"/alice"}


def test_nothing_is_taken_from_the_environment(
    wallet: WalletServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login a password b")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    wallet.on("GET", "/alice", Reply({}))
    with Transport(frozenset({wallet.host})) as transport:
        assert fetch(transport, f"{wallet.origin}/alice").status == 200
    assert wallet.received[0].header("authorization") is None
    assert not (tmp_path / "keys").exists()


# What the wallet says no to, and how we hear it


@pytest.mark.parametrize(
    ("status", "body", "code", "description"),
    [
        (400, {"error": {"code": "invalid_client", "description": "who?"}}, "invalid_client", "who?"),
        (403, {"error": {"description": "Inactive\x01 Token"}}, "", "Inactive  Token"),
        (404, {"error": "gone"}, "", "gone"),
        (422, {"error": {"code": 7, "description": ["a"]}}, "7", "['a']"),
        (400, [], "", ""),
        (413, b"Payload Too Large", "", "Payload Too Large"),
        (401, b"\xff\x00<html>", "", "\ufffd <html>"),
        (400, b"x" * 10_000, "", "x" * 500),
    ],
)
def test_a_refusal_keeps_the_wallets_words_storable(
    wallet: WalletServer, transport: Transport, *, status: int, body: object, code: str, description: str
) -> None:
    wallet.on("GET", "/alice", Reply(body, status))
    with pytest.raises(Refused) as caught:
        fetch(transport, f"{wallet.origin}/alice?secret=1")
    error = caught.value
    assert (error.status, error.code, error.description) == (status, code, description)
    assert not error.outcome_unknown
    assert "secret" not in error.url
    assert error.host == wallet.host


def test_a_token_quoted_by_the_wallet_is_not_kept(wallet: WalletServer, transport: Transport) -> None:
    wallet.on("GET", "/x", Reply({"error": {"description": "bad token CANARY-1", "details": {"was": "CANARY-1"}}}, 401))
    with pytest.raises(Refused) as caught:
        transport.send(Operation.GET_QUOTE, f"{wallet.origin}/x", deadline=Deadline.after(5), token="CANARY-1")
    error = caught.value
    assert "CANARY" not in f"{error} {error!r} {error.details} {error.args}"
    assert error.details == {"was": "(token)"}


@pytest.mark.parametrize("status", [500, 502, 503, 504, 202, 299])
def test_a_failing_wallet_leaves_a_post_unknown_and_a_get_harmless(
    wallet: WalletServer, transport: Transport, status: int
) -> None:
    wallet.on("POST", "/x", Reply(b"Internal Server Error", status))
    wallet.on("GET", "/x", Reply(b"Internal Server Error", status))
    with pytest.raises(WalletFailed) as posted:
        fetch(transport, f"{wallet.origin}/x", PAY)
    with pytest.raises(WalletFailed) as read:
        fetch(transport, f"{wallet.origin}/x")
    assert posted.value.outcome_unknown
    assert not read.value.outcome_unknown


# Time and size


def failure(talk: Talk, operation: Operation = PAY, seconds: float = 30) -> tuple[OpenPaymentsError, float]:
    with talking(talk) as (server, transport):
        started = time.monotonic()
        with pytest.raises(OpenPaymentsError) as caught:
            fetch(transport, server.url, operation, seconds)
        return caught.value, time.monotonic() - started


def drip(head: bytes, piece: bytes) -> Talk:
    def talk(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(head)
        while not stop.wait(0.02):
            connection.sendall(piece)

    return talk


@pytest.mark.parametrize(
    "talk",
    [
        drip(b"", b""),
        drip(b"HTTP/1.1 200 OK\r\nX: ", b"a"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"a"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["silence", "header", "body", "chunks", "interim answers"],
)
def test_a_slow_drip_ends_at_the_deadline(talk: Talk) -> None:
    error, seconds = failure(talk, seconds=0.3)
    assert isinstance(error, Unanswered)
    assert error.why == "time_out"
    assert error.outcome_unknown
    assert 0.2 < seconds < 1.5


def send(*pieces: bytes) -> Talk:
    def talk(connection: socket.socket, _stop: threading.Event) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return talk


def flood(head: bytes, piece: bytes) -> Talk:
    def talk(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(head)
        while not stop.is_set():
            connection.sendall(piece)

    return talk


BOMB = gzip.compress(b"0" * 50_000_000)


@pytest.mark.parametrize(
    "talk",
    [
        flood(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 65_536),
        flood(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"a" * 65_536 + b"\r\n"),
        flood(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 1000),
        flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB), BOMB),
    ],
    ids=["endless", "endless chunks", "tiny chunks", "endless interim answers", "gzip bomb"],
)
def test_too_much_is_cut_off(talk: Talk) -> None:
    error, _ = failure(talk)
    assert isinstance(error, Unanswered)
    assert error.why == "too_large"


@pytest.mark.parametrize(
    "talk",
    [
        send(),
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
        send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        send(b"SSH-2.0-OpenSSH\r\n"),
        send(b"HTTP/1.1 2000 OK\r\n\r\n"),
        send(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        send(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n"),
        send(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}"),
        send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n" + BOMB[:20]),
    ],
    ids=[
        "hang up",
        "short body",
        "short chunk",
        "not http",
        "no status",
        "bad length",
        "huge head",
        "brotli",
        "half gzip",
    ],
)
def test_a_broken_answer_leaves_the_outcome_unknown(talk: Talk) -> None:
    error, _ = failure(talk)
    assert isinstance(error, Unanswered)
    assert error.why in {"broken", "too_large"}
    assert error.outcome_unknown


def test_a_reset_leaves_the_outcome_unknown() -> None:
    def talk(connection: socket.socket, _stop: threading.Event) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    error, _ = failure(talk)
    assert isinstance(error, Unanswered)
    assert error.outcome_unknown


def test_a_packed_answer_is_unpacked_within_the_limit(wallet: WalletServer, transport: Transport) -> None:
    wallet.on("GET", "/alice", Reply(gzip.compress(b'{"a":1}'), headers={"Content-Encoding": "gzip"}))
    assert fetch(transport, f"{wallet.origin}/alice").json() == {"a": 1}
