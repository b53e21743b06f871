# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP server, on the loopback address only, a thread per request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

Wsgi = Callable[..., Iterable[bytes]]


class QuietHandler(MotoRequestHandler):
    """Requests are in the journal, not in the log."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing."""

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        """The client has gone, or a fault wants the connection closed without an answer."""
        self.close_connection = True


class Server:
    """Serves an application on a listening socket."""

    def __init__(self, listener: socket.socket, application: Wsgi) -> None:
        self.port = int(listener.getsockname()[1])
        self._listener = listener
        self._server = make_server(
            "127.0.0.1", self.port, application, threaded=True, request_handler=QuietHandler, fd=listener.fileno()
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="http", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        self._listener.close()


def moto_application() -> Wsgi:
    """moto's server, all services."""
    application: Wsgi = DomainDispatcherApplication(create_backend_app)
    return application


def regions() -> list[str]:
    """The regions of AWS's standard partition."""
    return list(boto3.Session().get_available_regions("rds"))
