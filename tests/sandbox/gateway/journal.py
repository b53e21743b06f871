# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: every call as one JSON line, with secrets masked."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, Any

from sandbox.faults.engine import Attempt
from sandbox.gateway.answer import Answer

# Parts of parameter names whose values are never written. PreSignedUrl holds a signature; Plaintext is KMS's.
SECRET_NAMES = (
    "password", "secretstring", "secretbinary", "presignedurl", "plaintext", "sessiontoken", "securitytoken",
    "secretaccesskey", "privatekey", "webidentitytoken", "samlassertion", "amzsignature",
)  # fmt: skip
MASK = "****"


def masked(value: Any, name: str = "") -> Any:
    """The same structure without the values of secret parameters."""
    if value is not None and not isinstance(value, bool) and _is_secret(name):
        return MASK
    if isinstance(value, dict):
        return {key: masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, name) for inner in value]
    return value


def _is_secret(name: str) -> bool:
    plain = name.lower().replace("-", "").replace("_", "")
    return any(part in plain for part in SECRET_NAMES)


class Journal:
    """Appends to a file. Closed at first: what makes the world is not part of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        # Where each line begins, and where the next one will.
        self._places = [0]
        self._file: IO[bytes] | None = None
        path.touch()

    def open(self) -> None:
        if self._file is None:
            self._file = self.path.open("ab")

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def write(self, attempt: Attempt, answer: Answer | None, started: datetime, seconds: float) -> None:
        """Write one call.

        :param answer: None: the connection was closed without one.
        :param started: an aware time.
        :param seconds: how long the answer took.
        """
        if self._file is None:
            return
        call = attempt.call
        entry: dict[str, Any] = {
            "time": started.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "service": call.service,
            "action": call.action,
            "region": call.region,
            "account": attempt.account or None,
            "principal": attempt.principal,
            "user_agent": call.user_agent,
            "resource": call.resource,
            # Items of tables are data, not parameters; this project keeps no secrets in them.
            "parameters": call.parameters if call.service == "dynamodb" else masked(call.parameters),
            "status": answer.status if answer else None,
            "error_code": answer.code if answer else None,
            "fault": ", ".join(attempt.faults) or None,
            "duration": round(seconds, 4),
        }
        if call.via:
            entry["via"] = call.via
        if attempt.problems:
            entry["fault_problems"] = attempt.problems
        with self._lock:
            if self._file is None:
                return
            line = json.dumps({"number": len(self._places), **entry}, default=str).encode() + b"\n"
            self._file.write(line)
            self._file.flush()
            self._places.append(self._places[-1] + len(line))

    def entries(self, after: int = 0) -> list[dict[str, Any]]:
        """The calls with a higher number."""
        with self._lock:
            places = self._places
            begin, end = places[min(after, len(places) - 1)], places[-1]
        with self.path.open("rb") as file:
            file.seek(begin)
            lines = file.read(end - begin).splitlines()
        return [json.loads(line) for line in lines]
