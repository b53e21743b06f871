# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: pg_role_plan
short_description: The SQL that makes the roles of a restored cluster what they should be
version_added: 0.1.0
author:
  - dbops.aurora_restore contributors (@dbops)
description:
  - Decides what to do about the roles of a PostgreSQL cluster whose data came from another environment. Application and
    read-only user are created or made to work again, the read-only user loses what it may do beyond reading, and the
    other logins that came with the data are shut out.
  - Only decides. Where all is as it should be there are no statements. Every name in them is quoted.
options:
  _input:
    description: The facts that C(files/roles.sql) of the role P(dbops.aurora_restore.db_users#role) reads.
    type: dict
    required: true
  app:
    description: Name of the application user, which reads and writes.
    type: string
    required: true
  readonly:
    description: Name of the user that only reads.
    type: string
    required: true
  verifiers:
    description: By user name, the SCRAM verifiers of those two whose wanted password does not work yet. A user that
      does not exist must be among them.
    type: dict
    default: {}
  other_logins:
    description: What to do about other logins than these two, the master and those of RDS itself.
    type: string
    choices: [disable, report, keep]
    default: disable
"""

EXAMPLES = r"""
- name: Show which logins came with the data
  ansible.builtin.debug:
    msg: "{{ (facts | dbops.aurora_restore.pg_role_plan('shop_app', 'shop_readonly', other_logins='report')).others }}"
"""

RETURN = r"""
_value:
  description: The decision.
  type: dict
  contains:
    statements:
      description: SQL for the master user to run, in order and in one transaction.
      type: list
      elements: str
    session_ends:
      description: SQL that ends the sessions of logins that are shut out, to run after the statements were committed.
        A rollback does not undo it, so it must not run in check mode.
      type: list
      elements: str
    others:
      description: The other logins, before the statements.
      type: list
      elements: str
    disabled:
      description: Those that the statements shut out.
      type: list
      elements: str
    open:
      description: Those that stay able to log in.
      type: list
      elements: str
    refused:
      description: Those that should be shut out, but that the master may not alter.
      type: list
      elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._postgres.roles import plan_roles


def pg_role_plan(
    facts: Mapping[str, Any],
    app: str,
    readonly: str,
    verifiers: Mapping[str, str] | None = None,
    other_logins: str = "disable",
) -> dict[str, Any]:
    try:
        return plan_roles(facts, app, readonly, verifiers or {}, other_logins)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Decisions about database roles."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"pg_role_plan": pg_role_plan}
