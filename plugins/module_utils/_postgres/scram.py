# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SCRAM-SHA-256 verifiers: what PostgreSQL stores instead of a password, so that no password has to travel in SQL."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import stringprep
import unicodedata

ITERATIONS = 4096  # PostgreSQL's own default
SALT_BYTES = 16

PROHIBITED = (
    stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3, stringprep.in_table_c4,
    stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8,
    stringprep.in_table_c9, stringprep.in_table_a1,
)  # fmt: skip


def verifier(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """``SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>``, as ``pg_authid.rolpassword`` holds it (RFC 5803).

    :param salt: for tests; otherwise random, so that equal passwords do not look equal.
    :raises ValueError: the password is empty, which PostgreSQL refuses at login.
    """
    if not password:
        raise ValueError("A password must not be empty")
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", saslprep(password).encode("utf-8"), salt, iterations)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${iterations}:{_base64(salt)}${_base64(stored_key)}:{_base64(server_key)}"


def saslprep(password: str) -> str:
    """The password as client and server normalise it (RFC 4013); as it is where the RFC prohibits it, like libpq."""
    if password.isascii() and password.isprintable():
        return password
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in password
        if not stringprep.in_table_b1(character)
    )
    normal = unicodedata.normalize("NFKC", mapped)
    if not normal or any(prohibited(character) for prohibited in PROHIBITED for character in normal):
        return password
    right_to_left = [stringprep.in_table_d1(character) for character in normal]
    if any(right_to_left) and (
        any(stringprep.in_table_d2(character) for character in normal) or not (right_to_left[0] and right_to_left[-1])
    ):
        return password
    return normal


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
