# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WSGI application: checks access keys, keeps the journal, hands the call to moto.

``GET /_sandbox/calls`` is the journal as JSON (``?after=N``: from number N+1 on), ``GET /_sandbox/clusters`` the state
of the control and the data plane. moto's own dashboard and reset API are not reachable.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs

from sandbox.gateway import refusals
from sandbox.gateway.identity import Caller, find_caller
from sandbox.gateway.journal import Journal
from sandbox.gateway.refusals import Refusal
from sandbox.gateway.wire import Call, expected_signature, read_call, signature_of

log = logging.getLogger("sandbox.gateway")

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]
XML_CODE = re.compile(rb"<Code>([^<]+)</Code>")
# What moto offers to everybody without credentials.
HIDDEN = ("/moto-api", "/latest/meta-data", "/latest/api", "/favicon.ico")


class Gateway:
    """Wraps moto's application.

    :param views: what GET /_sandbox/<name> returns, by name.
    :param regions: the regions that exist.
    """

    def __init__(
        self, moto: Wsgi, journal: Journal, views: Mapping[str, Callable[[], Any]], regions: Iterable[str]
    ) -> None:
        self._moto = moto
        self._journal = journal
        self._views = dict(views)
        self._regions = frozenset(regions)
        # moto lets two conditional writes win that run at the same time.
        self._serial = {"dynamodb": threading.RLock()}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", "/"))
        if path.startswith("/_sandbox"):
            return self._view(path, str(environ.get("QUERY_STRING", "")), start_response)
        if path.startswith(HIDDEN):
            return _answer(start_response, 404, "text/plain", b"There is nothing here.\n")
        if path == "/" and environ.get("REQUEST_METHOD") in ("GET", "HEAD") and not _is_aws(environ):
            return _json(start_response, {"sandbox": "running", "see": [f"/_sandbox/{name}" for name in self._names()]})
        return self._serve(environ, start_response)

    def _names(self) -> list[str]:
        return sorted(["calls", *self._views])

    def _view(self, path: str, query: str, start_response: StartResponse) -> Iterable[bytes]:
        name = path.removeprefix("/_sandbox").strip("/")
        if name == "calls":
            after = parse_qs(query).get("after", ["0"])[0]
            return _json(start_response, self._journal.entries(int(after) if after.isdigit() else 0))
        if name in self._views:
            return _json(start_response, self._views[name]())
        return _answer(start_response, 404, "text/plain", f"There are: {', '.join(self._names())}.\n".encode())

    def _serve(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        started, clock = datetime.now(timezone.utc), time.perf_counter()
        body = _take_body(environ)
        call = read_call(environ, body)
        caller = find_caller(call.access_key) if call.access_key else None
        refusal = self._refusal(call, caller, environ, body)
        code: str | None
        if refusal:
            answer, status, code = [refusal.body], refusal.status, refusal.code
            _answer(start_response, status, refusal.content_type, refusal.body)
        else:
            captured = _Captured(start_response)
            answer, code = self._through_moto(call, environ, captured)
            status = captured.status
        self._journal.write(
            call,
            account=caller.account if caller else None,
            principal=caller.principal if caller else None,
            started=started,
            seconds=time.perf_counter() - clock,
            status=status,
            error_code=code,
        )
        return answer

    def _refusal(self, call: Call, caller: Caller | None, environ: Environ, body: bytes) -> Refusal | None:
        if not call.access_key:
            return refusals.no_credentials(call)
        if caller is None:
            return refusals.unknown_access_key(call)
        if call.service != "s3":
            signed = signature_of(environ)
            if not signed or signed[1] != expected_signature(environ, body, call, caller.secret_key):
                return refusals.wrong_signature(call)
        if call.region not in self._regions:
            return refusals.unknown_region(call)
        return None

    def _through_moto(self, call: Call, environ: Environ, captured: _Captured) -> tuple[list[bytes], str | None]:
        """The answer and its error code. Nothing is sent before moto is through."""
        try:
            with self._serial.get(call.service, contextlib.nullcontext()):
                answer = b"".join(self._moto(environ, captured))
        except NotImplementedError:
            return self._instead(refusals.not_implemented(call), captured)
        except Exception:
            log.exception("%s %s failed", call.service, call.action)
            return self._instead(refusals.internal_failure(call), captured)
        code = error_code(answer, captured.headers) if captured.status >= 400 else None
        captured.send()
        return [answer], code

    def _instead(self, refusal: Refusal, captured: _Captured) -> tuple[list[bytes], str | None]:
        captured.status = refusal.status
        captured.line = f"{refusal.status} {refusal.code}"
        captured.headers = [("Content-Type", refusal.content_type), ("Content-Length", str(len(refusal.body)))]
        captured.send()
        return [refusal.body], refusal.code


class _Captured:
    """Keeps what an application passes to start_response until it is sent."""

    def __init__(self, start_response: StartResponse) -> None:
        self._start_response = start_response
        self.status = 500
        self.line = "500 Internal Server Error"
        self.headers: list[tuple[str, str]] = []

    def __call__(self, line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.status, self.line, self.headers = int(line.split()[0]), line, headers
        return lambda data: None

    def send(self) -> None:
        self._start_response(self.line, self.headers)


def error_code(body: bytes, headers: Iterable[tuple[str, str]]) -> str | None:
    """The error code of an answer, whatever its protocol."""
    found = XML_CODE.search(body)
    if found:
        return found[1].decode()
    with contextlib.suppress(ValueError, AttributeError):
        content = json.loads(body)
        return str(content.get("__type") or content.get("code") or "").rpartition("#")[2] or None
    return next((value for name, value in headers if name.lower() == "x-amzn-errortype"), None)


def _is_aws(environ: Environ) -> bool:
    return bool(environ.get("HTTP_AUTHORIZATION") or environ.get("QUERY_STRING"))


def _take_body(environ: Environ) -> bytes:
    """Read the body, and put it back for the next reader."""
    stream = environ["wsgi.input"]
    length = str(environ.get("CONTENT_LENGTH") or "")
    if length.isdigit():
        body = stream.read(int(length))
    elif environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        body = stream.read()
        environ["CONTENT_LENGTH"] = str(len(body))
    else:
        body = b""
    environ["wsgi.input"] = io.BytesIO(body)
    return bytes(body)


def _json(start_response: StartResponse, content: Any) -> Iterable[bytes]:
    return _answer(start_response, 200, "application/json", json.dumps(content, default=str, indent=1).encode() + b"\n")


def _answer(start_response: StartResponse, status: int, content_type: str, body: bytes) -> Iterable[bytes]:
    start_response(f"{status} -", [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
