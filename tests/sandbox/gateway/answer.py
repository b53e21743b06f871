# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is about to be answered."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sandbox.gateway.refusals import Refusal

Headers = list[tuple[str, str]]
XML_CODE = re.compile(rb"<Code>([^<]+)</Code>")


@dataclass
class Answer:
    """An HTTP answer; code: the error code that it says."""

    status: int
    line: str
    headers: Headers
    body: bytes
    code: str | None = None

    @classmethod
    def of(cls, refusal: Refusal) -> Answer:
        headers = [("Content-Type", refusal.content_type), ("Content-Length", str(len(refusal.body)))]
        return cls(refusal.status, f"{refusal.status} {refusal.code}", headers, refusal.body, refusal.code)

    @classmethod
    def from_application(cls, application: Callable[..., Iterable[bytes]], environ: dict[str, Any]) -> Answer:
        """Run a WSGI application to its end."""
        said: list[Any] = ["500 Internal Server Error", []]

        def start_response(line: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], Any]:
            said[:] = line, headers
            return lambda data: None

        chunks = application(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        line, headers = said
        status = int(line.split()[0])
        return cls(status, line, headers, body, error_code(body, headers) if status >= 400 else None)

    def with_body(self, body: bytes) -> Answer:
        """The same with another body."""
        headers = [(name, value) for name, value in self.headers if name.lower() != "content-length"]
        return Answer(self.status, self.line, [*headers, ("Content-Length", str(len(body)))], body, self.code)


def error_code(body: bytes, headers: Iterable[tuple[str, str]]) -> str | None:
    """The error code of an answer, whatever its protocol."""
    found = XML_CODE.search(body)
    if found:
        return found[1].decode()
    with contextlib.suppress(ValueError, AttributeError):
        content = json.loads(body)
        return str(content.get("__type") or content.get("code") or "").rpartition("#")[2] or None
    return next((value for name, value in headers if name.lower() == "x-amzn-errortype"), None)
