# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: pg_database_plan
short_description: The SQL that makes the privileges in a restored database what they should be
version_added: 0.1.0
author:
  - dbops.aurora_restore contributors (@dbops)
description:
  - Decides what to do about the privileges in one database of a cluster whose data came from another environment. The
    application user gets to read and write, the read-only user to read, both also what will be made later by any
    of the owners; what lets the read-only user write is taken back; subscriptions are disabled.
  - Only decides. Where all is as it should be there are no statements. Every name in them is quoted.
options:
  _input:
    description: The facts that C(files/database.sql) of the role P(dbops.aurora_restore.db_users#role) reads.
    type: dict
    required: true
  master:
    description: Name of the master user.
    type: string
    required: true
  version:
    description: The server's version, as C(server_version_num) gives it.
    type: int
    required: true
  app:
    description: Name of the application user.
    type: string
    required: true
  readonly:
    description: Name of the user that only reads.
    type: string
    required: true
  listed:
    description: Whether the two users are to work in this database. If not, only what lets the read-only user write is
      taken back, and subscriptions are disabled.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Show what is missing in a database
  ansible.builtin.debug:
    msg: "{{ (facts | dbops.aurora_restore.pg_database_plan('dbadmin', 170005, 'app', 'readonly')).statements }}"
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
    unmanaged:
      description: Objects on which something is missing, but whose owner the master can't act for.
      type: list
      elements: str
    writes:
      description: Objects that the read-only user can write to as things are.
      type: list
      elements: str
    creates:
      description: Schemas in which the read-only user can create objects as things are, and whose owner the master
        can't act for.
      type: list
      elements: str
    probes:
      description: By C(app) and C(readonly), statements that fail unless that user can do exactly what it should. They
        change nothing and are meant to be rolled back.
      type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._postgres.grants import (
    plan_database,
    probes,
    violations,
)


def pg_database_plan(
    facts: Mapping[str, Any], master: str, version: int, app: str, readonly: str, listed: bool = True
) -> dict[str, Any]:
    try:
        plan = plan_database(facts, master, int(version), app, readonly, listed)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error
    return {**plan, **violations(facts), "probes": probes(facts)}


class FilterModule:
    """Decisions about database privileges."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"pg_database_plan": pg_database_plan}
