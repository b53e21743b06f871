# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: every call as one JSON line, with secrets masked."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sandbox.gateway.wire import Call

# Parts of parameter names whose values are never written. PreSignedUrl holds a signature; Plaintext is KMS's.
SECRET_NAMES = ("password", "secretstring", "secretbinary", "presignedurl", "plaintext", "sessiontoken")
MASK = "****"
# The parameter that names what a call is about, by what is looked for first.
TARGETS = (
    "TargetDBClusterSnapshotIdentifier", "DBClusterSnapshotIdentifier", "DBInstanceIdentifier", "DBClusterIdentifier",
    "DBSubnetGroupName", "DBClusterParameterGroupName", "DBParameterGroupName", "ResourceName", "SourceIdentifier",
    "SecretId", "TopicArn", "QueueUrl", "TableName", "KeyId", "AliasName", "RoleArn", "Name", "RoleName", "ResourceId",
)  # fmt: skip


def masked(value: Any, name: str = "") -> Any:
    """The same structure without the values of secret parameters."""
    if value is not None and not isinstance(value, bool) and any(part in name.lower() for part in SECRET_NAMES):
        return MASK
    if isinstance(value, dict):
        return {key: masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, name) for inner in value]
    return value


def target_of(parameters: dict[str, Any]) -> str | None:
    """The resource that a call is about, as the call names it."""
    for name in TARGETS:
        if isinstance(parameters.get(name), str):
            return str(parameters[name])
    return None


class Journal:
    """Appends to a file. Closed at first: what makes the world is not part of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._number = 0
        self._open = False
        path.touch()

    def open(self) -> None:
        self._open = True

    def write(
        self,
        call: Call,
        *,
        account: str | None,
        principal: str | None,
        started: datetime,
        seconds: float,
        status: int,
        error_code: str | None,
    ) -> None:
        """Write one call. started: an aware time; seconds: how long the answer took."""
        if not self._open:
            return
        entry: dict[str, Any] = {
            "time": started.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "service": call.service,
            "action": call.action,
            "region": call.region,
            "account": account,
            "principal": principal,
            "user_agent": call.user_agent,
            "resource": target_of(call.parameters),
            "parameters": masked(call.parameters),
            "status": status,
            "error_code": error_code,
            "duration": round(seconds, 4),
        }
        with self._lock, self.path.open("a", encoding="utf-8") as file:
            self._number += 1
            file.write(json.dumps({"number": self._number, **entry}) + "\n")

    def entries(self, after: int = 0) -> list[dict[str, Any]]:
        """The calls with a higher number."""
        with self._lock:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines[after:]]
