# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ULIDs: 26 characters, unique, sorting by time (https://github.com/ulid/spec)."""

from __future__ import annotations

import secrets
import time

# Crockford's base 32: no I, L, O, U
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_ulid(milliseconds: int | None = None, randomness: int | None = None) -> str:
    """A new id: 48 bits of time, 80 random bits."""
    now = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    noise = secrets.randbits(80) if randomness is None else randomness
    value = (now << 80) | noise
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))
