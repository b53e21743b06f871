# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names and texts in SQL. Everything that is put into a statement goes through here."""

from __future__ import annotations

NAME_BYTES = 63  # NAMEDATALEN - 1; PostgreSQL would cut longer names short without a word


def identifier(name: str) -> str:
    """A name of any characters as a quoted identifier.

    :raises ValueError: no server can have such a name.
    """
    if not name:
        raise ValueError("A database name must not be empty")
    if "\0" in name:
        raise ValueError("A database name must not contain a NUL character")
    if len(name.encode("utf-8")) > NAME_BYTES:
        raise ValueError(f"The name {name!r} is longer than the {NAME_BYTES} bytes that PostgreSQL allows")
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a string constant that means the same whatever standard_conforming_strings is."""
    if "\0" in text:
        raise ValueError("A text in SQL must not contain a NUL character")
    quoted = text.replace("'", "''")
    return " E'" + quoted.replace("\\", "\\\\") + "'" if "\\" in text else f"'{quoted}'"


def do_block(statement: str) -> str:
    """The statement as one that changes nothing, instead of failing, where the current role may not."""
    body = f"BEGIN EXECUTE {literal(statement)}; EXCEPTION WHEN insufficient_privilege THEN NULL; END"
    return f"DO {literal(body)}"
