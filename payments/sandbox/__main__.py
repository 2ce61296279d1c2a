"""`python -m payments.sandbox`: run one provider until it is told to stop."""

import argparse
import logging
import os
import socket
import sys
from pathlib import Path

import uvicorn

from payments.sandbox.app import application
from payments.sandbox.faults.connections import Connections, protocol
from payments.sandbox.provider import Config, WalletProvider

#: In the environment and not an option: everybody on the machine can read the options of a process.
CONTROL_KEY = "SANDBOX_CONTROL_KEY"
SHORTEST_KEY = 32


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m payments.sandbox", description="A wallet provider for development."
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--data", default=":memory:", help="SQLite file; everything is forgotten at the end without one"
    )
    parser.add_argument("--clock-file", type=Path, help="a file with an offset in seconds, read at each use")
    parser.add_argument("--name", default="Sandbox Wallet", help="what people see")
    parser.add_argument("--public-url", help="the origin under which others reach this provider")
    parser.add_argument("--authorization-port", type=int, help="the authorization server has a port of its own")
    parser.add_argument("--resource-port", type=int, help="the resource server has a port of its own")
    options = parser.parse_args(arguments)
    # Its data is for this user alone.
    os.umask(0o077)
    if os.environ.get("ENVIRONMENT") == "production":
        parser.error("This is invented money: it does not run where ENVIRONMENT is production.")
    control_key = os.environ.get(CONTROL_KEY, "")
    if len(control_key) < SHORTEST_KEY:
        parser.error(f"Set {CONTROL_KEY} to {SHORTEST_KEY} random characters or more: its controls ask for that key.")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    # httpx logs every URL it calls, and a consent link is as good as a password.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    base_url = (options.public_url or f"http://{options.host}:{options.port}").rstrip("/")
    own = [port for port in (options.authorization_port, options.resource_port) if port is not None]
    config = Config(
        base_url,
        options.name,
        options.data,
        options.clock_file,
        authorization_origin=_origin(options.host, options.authorization_port) or base_url,
        resource_origin=_origin(options.host, options.resource_port) or base_url,
    )
    connections = Connections()
    settings = uvicorn.Config(
        application(WalletProvider(config), connections, control_key),
        http=protocol(connections),
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=5,
    )
    ports = dict.fromkeys([options.port, *own])
    uvicorn.Server(settings).run([_bound(options.host, port) for port in ports])


def _bound(host: str, port: int) -> socket.socket:
    """Said to be TCP, unlike those of `socket.create_server`: asyncio then sends small answers without waiting."""
    family, kind, protocol_number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol_number)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(address)
    return bound


def _origin(host: str, port: int | None) -> str | None:
    return None if port is None else f"http://{host}:{port}"


if __name__ == "__main__":
    main(sys.argv[1:])
