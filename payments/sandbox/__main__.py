"""`python -m payments.sandbox`: run one provider until it is told to stop."""

import argparse
import logging
import sys
from pathlib import Path

import uvicorn

from payments.sandbox.app import application
from payments.sandbox.faults.connections import Connections, protocol
from payments.sandbox.provider import Config, WalletProvider


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
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    # httpx logs every URL it calls, and a consent link is as good as a password.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    base_url = (options.public_url or f"http://{options.host}:{options.port}").rstrip("/")
    provider = WalletProvider(Config(base_url, options.name, options.data, options.clock_file))
    connections = Connections()
    uvicorn.run(
        application(provider, connections),
        host=options.host,
        port=options.port,
        http=protocol(connections),
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=5,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
