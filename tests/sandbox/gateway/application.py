# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WSGI application: who calls, may they, what goes wrong on purpose, moto, the journal.

``GET /_sandbox/calls`` is the journal as JSON (``?after=N``: from number N+1 on), ``GET /_sandbox/faults`` how often
each fault has hit; the other views are the service's. moto's own dashboard and reset API are not reachable.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, Protocol
from urllib.parse import parse_qs

from sandbox.clock import Clock
from sandbox.faults import effects, logs
from sandbox.faults.effects import Dropped
from sandbox.faults.engine import Attempt, Faults, Phase, current
from sandbox.faults.limits import Limits, Rates
from sandbox.faults.model import RejectsLogEvents
from sandbox.gateway import refusals
from sandbox.gateway.answer import Answer
from sandbox.gateway.identity import Caller, find_caller
from sandbox.gateway.journal import Journal
from sandbox.gateway.refusals import Refusal
from sandbox.gateway.signature import is_signed_with, out_of_time
from sandbox.gateway.wire import Call, read_call

log = logging.getLogger("sandbox.gateway")

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]
# What moto offers to everybody without credentials.
HIDDEN = ("/moto-api", "/latest/meta-data", "/latest/api", "/favicon.ico")


class Authorizer(Protocol):
    """Says what a caller may not do."""

    def refusal(self, call: Call, caller: Caller) -> Refusal | None: ...


class Gateway:
    """Wraps moto's application.

    :param views: what GET /_sandbox/<name> returns, by name.
    :param regions: the regions that exist.
    :param clock: of the limit of calls per second.
    """

    def __init__(
        self, moto: Wsgi, journal: Journal, views: Mapping[str, Callable[[], Any]], regions: Iterable[str], *,
        authorizer: Authorizer | None = None, faults: Faults | None = None, limits: Limits | None = None,
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        self._moto = moto
        self._journal = journal
        self._faults = faults or Faults()
        self._rates = Rates(limits or Limits(), clock)
        self._authorizer = authorizer
        self._views = {"faults": self._faults.summary, **views}
        self._regions = frozenset(regions)
        # moto lets two conditional writes win that run at the same time.
        self._serial = {"dynamodb": threading.RLock()}

    def open(self, environment: Mapping[str, str] | None = None) -> None:
        """The world is made: from now on calls are written down and limited, and faults hit.

        :param environment: variables for the commands of faults: where the sandbox is, and keys.
        """
        self._journal.open()
        self._rates.open()
        self._faults.open(environment)

    def close(self) -> None:
        """End what faults have begun, and the journal."""
        self._faults.close()
        self._journal.close()

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
        """
        :raises Dropped: the server is to close the connection.
        """
        started, clock = datetime.now(timezone.utc), time.perf_counter()
        body = _take_body(environ)
        call = read_call(environ, body)
        caller = find_caller(call.access_key) if call.access_key else None
        attempt = Attempt(call, caller.account if caller else "", caller.principal if caller else None)
        answer: Answer | None = None
        try:
            refusal = self._refusal(attempt, caller, environ, body)
            answer = Answer.of(refusal) if refusal else self._carry_out(attempt, environ)
        except Dropped:
            pass
        self._journal.write(attempt, answer, started, time.perf_counter() - clock)
        if answer is None:
            raise Dropped
        start_response(answer.line, answer.headers)
        return [answer.body]

    def _refusal(self, attempt: Attempt, caller: Caller | None, environ: Environ, body: bytes) -> Refusal | None:
        """Why the call does not reach its service. A call that is one too many counts as a call."""
        call = attempt.call
        refusal = self._unknown(call, caller, environ, body)
        if refusal or caller is None:
            return refusal
        if caller.expired and not call.via:
            return refusals.expired_token(call)
        refusal = effects.carry_out(self._faults, attempt, Phase.TOKEN)
        if refusal is None and self._rates.is_exceeded(caller.account, call.region, call.service):
            refusal = refusals.too_many_calls(call)
        if refusal is None and self._authorizer:
            refusal = self._authorizer.refusal(call, caller)
        return refusal or effects.carry_out(self._faults, attempt, Phase.BEFORE)

    def _unknown(self, call: Call, caller: Caller | None, environ: Environ, body: bytes) -> Refusal | None:
        if not call.access_key:
            return refusals.no_credentials(call)
        if caller and call.via:  # from within this process: the first call was signed
            return None
        if caller is None or not caller.holds(str(environ.get("HTTP_X_AMZ_SECURITY_TOKEN", ""))):
            return refusals.unknown_access_key(call)
        if call.service != "s3":
            late = out_of_time(environ, call.service, datetime.now(timezone.utc))
            if late or not is_signed_with(environ, body, caller.secret_key):
                return refusals.wrong_signature(call, late)
        if call.region not in self._regions:
            return refusals.unknown_region(call)
        return None

    def _carry_out(self, attempt: Attempt, environ: Environ) -> Answer:
        rejected: dict[str, int] = {}
        for fault in self._faults.hits(attempt, Phase.DURING):
            if isinstance(fault.effect, RejectsLogEvents):
                left, rejected = logs.split(attempt.call.parameters, fault.effect)
                _put_body(environ, json.dumps(left).encode())
        answer = self._through_moto(attempt, environ)
        if answer.status >= 400:
            return answer
        if rejected:
            answer = answer.with_body(logs.told(answer.body, rejected))
        instead = effects.carry_out(self._faults, attempt, Phase.AFTER)
        return Answer.of(instead) if instead else answer

    def _through_moto(self, attempt: Attempt, environ: Environ) -> Answer:
        """Nothing is sent before moto is through."""
        call, token = attempt.call, current.set(attempt)
        try:
            with self._serial.get(call.service, contextlib.nullcontext()):
                return Answer.from_application(self._moto, environ)
        except NotImplementedError:
            return Answer.of(refusals.not_implemented(call))
        except Exception:
            log.exception("%s %s failed", call.service, call.action)
            return Answer.of(refusals.internal_failure(call))
        finally:
            current.reset(token)


def _is_aws(environ: Environ) -> bool:
    return bool(environ.get("HTTP_AUTHORIZATION") or environ.get("QUERY_STRING"))


def _take_body(environ: Environ) -> bytes:
    """Read the body, and put it back for the next reader."""
    stream = environ["wsgi.input"]
    length = str(environ.get("CONTENT_LENGTH") or "")
    if length.isdigit():
        body = bytes(stream.read(int(length)))
    elif environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        body = bytes(stream.read())
        environ["CONTENT_LENGTH"] = str(len(body))
    else:
        body = b""
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _put_body(environ: Environ, body: bytes) -> None:
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))


def _json(start_response: StartResponse, content: Any) -> Iterable[bytes]:
    return _answer(start_response, 200, "application/json", json.dumps(content, default=str, indent=1).encode() + b"\n")


def _answer(start_response: StartResponse, status: int, content_type: str, body: bytes) -> Iterable[bytes]:
    start_response(f"{status} -", [("Content-Type", content_type), ("Content-Length", str(len(body)))])
    return [body]
