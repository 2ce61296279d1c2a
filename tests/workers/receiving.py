"""`python -m tests.workers.receiving PORT FILE TAKES PLACE`: somebody's program, which takes webhooks until it dies.

Each that comes is written to FILE, as one line of JSON, before it is answered. Of its life's requests the one after
TAKES kills the process, at PLACE: before it is written down, once it is, or half way through the answer. It is as if
the power went: nothing is tidied. With TAKES below zero it lives until somebody else ends it.
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Final

PLACES: Final = ("before", "written", "answering")


def serve(port: int, file: Path, takes: int, place: str) -> None:
    left = takes

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal left
            body = self.rfile.read(int(self.headers["Content-Length"]))
            dies_at, left = place if left == 0 else "", left - 1
            _die("before", dies_at)
            line = {"headers": {name.lower(): value for name, value in self.headers.items()}, "body": body.decode()}
            with file.open("a", encoding="utf-8") as written:
                written.write(json.dumps(line) + "\n")
            _die("written", dies_at)
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n")
            _die("answering", dies_at)
            # One at a time comes from each worker: whoever keeps the connection would keep out the others.
            self.wfile.write(b'Connection: close\r\n\r\n{"ok":true}')
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    server = HTTPServer(("127.0.0.1", port), Handler)
    print("listens", flush=True)  # noqa: T201 - whoever started it waits for that
    server.serve_forever()


def _die(here: str, dies_at: str) -> None:
    if here == dies_at:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
