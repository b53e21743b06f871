# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: pg_identifier
short_description: A name quoted as a PostgreSQL identifier
version_added: 0.1.0
author:
  - dbops.aurora_restore contributors (@dbops)
description:
  - Quotes the name of a role, database, schema or table, whatever characters it has, for use in an SQL statement.
  - Fails on names that no server can have. These are the empty one, one with a NUL character, and one of more than 63
    bytes, which PostgreSQL would cut short.
options:
  _input:
    description: The name.
    type: string
    required: true
"""

EXAMPLES = r"""
- name: Let a user with an awkward name log in again
  community.postgresql.postgresql_query:
    login_db: shop
    query: ALTER ROLE {{ 'batch"job' | dbops.aurora_restore.pg_identifier }} LOGIN
"""

RETURN = r"""
_value:
  description: The quoted name.
  type: string
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._postgres.quoting import identifier


def pg_identifier(name: Any) -> str:
    if not isinstance(name, str):
        raise AnsibleFilterError("pg_identifier takes a name: a text")
    try:
        return identifier(name)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Quoting for SQL."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"pg_identifier": pg_identifier}
