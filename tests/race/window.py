# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the window is that RDS leaves open: from the end of the last check until the bytes of the call have left.

In it nothing can stop a call any more. In the sandbox every call makes a connection; AWS speaks TLS, and keeps them
open. So it is measured as well against a server that does that, by the collection's own clients.
"""

from __future__ import annotations

import http.client
import multiprocessing
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ansible.module_utils.testing import patch_module_args
from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import AnsibleAWSModule, make_client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from sandbox.dataplane.certificates import Authority
from urllib3.connection import HTTPConnection, HTTPSConnection

REGION = "us-west-2"
ANSWERS = {
    "DescribeDBInstances": "<DBInstances><DBInstance><DBInstanceStatus>available</DBInstanceStatus></DBInstance>"
    "</DBInstances>",
    "DeleteDBInstance": "<DBInstance><DBInstanceStatus>deleting</DBInstanceStatus></DBInstance>",
}
# Seconds, and whether a connection was made meanwhile.
Window = tuple[float, bool]


class WindowClock:
    """Measures windows: from ``checked`` until the next request has been handed to the system."""

    def __init__(self) -> None:
        self.windows: list[Window] = []
        self._checked: float | None = None
        self._connected = False
        getresponse: Callable[..., Any] = http.client.HTTPConnection.getresponse

        def sent(connection: Any) -> Any:
            if self._checked is not None:
                self.windows.append((time.perf_counter() - self._checked, self._connected))
                self._checked = None
            return getresponse(connection)

        patch.object(http.client.HTTPConnection, "getresponse", sent).start()
        for kind in (HTTPConnection, HTTPSConnection):
            patch.object(kind, "connect", self._noting(kind.connect)).start()

    def checked(self) -> None:
        self._checked, self._connected = time.perf_counter(), False

    def _noting(self, connect: Callable[..., None]) -> Callable[..., None]:
        def connecting(connection: Any) -> None:
            self._connected = True
            connect(connection)

        return connecting


class Answering(BaseHTTPRequestHandler):
    """Says of every instance that it is there, and then that it is being deleted."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"])).decode()
        action = next(part.removeprefix("Action=") for part in asked.split("&") if part.startswith("Action="))
        inner = f"<{action}Result>{ANSWERS[action]}</{action}Result>"
        body = f'<{action}Response xmlns="http://rds.amazonaws.com/doc/2014-10-31/">{inner}</{action}Response>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        """Nothing."""


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[str, Path]]:
    """The URL of a server that keeps connections open, in a process of its own, and its certificate authority."""
    authority, certificate, key = folder / "ca.pem", folder / "server.pem", folder / "server.key"
    Authority(authority).issue(certificate, key, ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    process = multiprocessing.get_context("fork").Process(target=server.serve_forever, daemon=True)
    process.start()
    server.socket.close()
    try:
        yield f"https://127.0.0.1:{server.server_port}", authority
    finally:
        process.kill()
        process.join()


def measure(calls: int, folder: Path) -> list[Window]:
    """The windows of so many calls over a connection that a look has just used, and of as many without such a look."""
    with tls_server(folder) as (url, authority):
        given = {"region": REGION, "endpoint_url": url, "aws_ca_bundle": str(authority)}
        with patch_module_args({**given, "access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "not-a-secret"}):
            module = AnsibleAWSModule(argument_spec={})
        clock = WindowClock()
        for looks in (True, False):
            client = make_client(module, "rds", attempts=1, before_send=clock.checked)
            for number in range(calls):
                if looks:
                    api.find_instance(client, f"instance-{number}")
                else:
                    client = make_client(module, "rds", attempts=1, before_send=clock.checked)
                api.delete_instance(client, f"instance-{number}")
        return clock.windows


def measure_apart(calls: int, folder: Path) -> list[Window]:
    """The same in a process of its own, whose clients nobody else uses."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, calls, folder).result()
