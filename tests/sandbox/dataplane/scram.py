# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCRAM-SHA-256 verifiers, so that no password reaches a server, or its log, in clear text."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from .errors import DataPlaneError

_ITERATIONS = 4096


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """What PostgreSQL stores for a password (RFC 5802, RFC 7677)."""
    # Printable ASCII is its own SASLprep form, and RDS takes nothing else.
    if not password or not password.isascii() or not password.isprintable():
        raise DataPlaneError("A database password must consist of printable ASCII characters.")
    salt = os.urandom(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    client = hmac.digest(salted, b"Client Key", "sha256")
    stored = base64.b64encode(hashlib.sha256(client).digest()).decode()
    server = base64.b64encode(hmac.digest(salted, b"Server Key", "sha256")).decode()
    return f"SCRAM-SHA-256${_ITERATIONS}:{base64.b64encode(salt).decode()}${stored}:{server}"
