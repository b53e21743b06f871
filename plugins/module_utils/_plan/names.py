# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which database user names can be set up safely. Pure."""

from __future__ import annotations

import re

# What needs no thought in any tool between here and the server: no quotes, spaces, commas or percent signs.
ACCEPTABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.@$-]*", re.ASCII)
# PostgreSQL cuts longer names silently (NAMEDATALEN)
LONGEST = 63
RESERVED_PREFIXES = ("pg_", "rds")
RESERVED = ("public", "none", "current_user", "current_role", "session_user", "postgres")


def user_name_problem(name: str) -> str | None:
    """Why a user of this name is not set up, as a phrase, or None."""
    if len(name) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if not ACCEPTABLE.fullmatch(name):
        return "may only hold letters, digits and . _ - @ $, and must start with a letter or _"
    lower = name.lower()
    if lower in RESERVED or lower.startswith(RESERVED_PREFIXES):
        return "is reserved by PostgreSQL or RDS"
    return None
