# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: operation_info
short_description: Read restore operations, their steps and the lease of a target
version_added: 0.1.0
description:
  - Lists the last operations of a target, or reads one operation with its steps, its audit trail and its report.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  table:
    description: The state table, in the region of this module.
    type: str
    required: true
  target:
    description: List the operations of this target, and read its lease. Required without O(operation_id).
    type: dict
    suboptions:
      region:
        description: Its region.
        type: str
        required: true
      cluster_id:
        description: Its cluster identifier.
        type: str
        required: true
      account:
        description: Its account; left out, the account of the credentials.
        type: str
  operation_id:
    description: Read this operation.
    type: str
  limit:
    description: How many operations to list at most.
    type: int
    default: 10
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.attributes
attributes:
  check_mode:
    support: full
    details:
      - This module only reads.
  diff_mode:
    support: none
  idempotent:
    support: full
"""

EXAMPLES = r"""
- name: The last operations of a target
  dbops.aurora_restore.operation_info:
    region: us-west-2
    table: aurora-restore-state
    target:
      region: us-west-2
      cluster_id: shop-staging
  register: listed

- name: One operation
  dbops.aurora_restore.operation_info:
    region: us-west-2
    table: aurora-restore-state
    operation_id: 01KATR0M6QXV8H2Z5J3N4P7S9T
"""

RETURN = r"""
operations:
  description: The target's operations, newest first; or the one that was asked for.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The operation's id.
      type: str
      returned: always
    status:
      description: One of running, succeeded, failed.
      type: str
      returned: always
    source:
      description: Account, region and cluster_id of the source.
      type: dict
      returned: always
    target:
      description: Account, region and cluster_id of the target.
      type: dict
      returned: always
    started_at:
      description: When it started.
      type: str
      returned: always
    finished_at:
      description: When it ended; null while it runs.
      type: str
      returned: always
    total_seconds:
      description: How long it took; null while it runs.
      type: float
      returned: always
    snapshot_id:
      description: The snapshot that was restored; null before it was chosen.
      type: str
      returned: always
    who:
      description: ARN of the AWS principal.
      type: str
      returned: always
    host:
      description: The host that ran it.
      type: str
      returned: always
    controller_job_id:
      description: The job of the automation controller, if it was one.
      type: str
      returned: always
    error:
      description: Why it failed, else null.
      type: dict
      returned: always
lease:
  description: The lease of the target, null when there never was one.
  returned: success
  type: dict
  contains:
    held:
      description: Whether an operation holds the target.
      type: bool
      returned: always
    operation_id:
      description: The operation that holds it, or held it last.
      type: str
      returned: always
    owner:
      description: Its process, as C(host/boot id/pid namespace/pid/start time).
      type: str
      returned: always
    fence:
      description: A number that grows with each lease of the target.
      type: int
      returned: always
    beat:
      description: A number that grows with each renewal.
      type: int
      returned: always
    lease_seconds:
      description: How many seconds without a renewal make it free for others.
      type: int
      returned: always
    renewed_at:
      description: When it was last renewed, by its owner's clock.
      type: str
      returned: always
operation:
  description: Everything that is recorded of the operation.
  returned: when O(operation_id) is given
  type: dict
steps:
  description: Its steps, in order, with status, attempt, intent, progress, result and error.
  returned: when O(operation_id) is given
  type: list
  elements: dict
audit:
  description: Its audit trail, oldest first.
  returned: when O(operation_id) is given
  type: list
  elements: dict
report:
  description: Its report, as M(dbops.aurora_restore.operation) returns it at the end.
  returned: when O(operation_id) is given
  type: dict
"""

from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import NotFound
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import operation as operations
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import lease_result
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import target_key
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.report import (
    build_report,
    operation_summary,
    split_items,
)

TARGET = {
    "region": {"type": "str", "required": True},
    "cluster_id": {"type": "str", "required": True},
    "account": {"type": "str"},
}


def read(context: Context) -> dict[str, Any]:
    params, table = context.params, context.params["table"]
    client = context.state_client({"region": context.region})
    state_table.require_table(client, table, context.region)
    if params["operation_id"]:
        return one_operation(client, table, params["operation_id"])
    wanted = params["target"]
    account = wanted["account"] or str(api.caller_identity(context.client("sts"))["Account"])
    target = target_key(account, wanted["region"], wanted["cluster_id"])
    return {
        "changed": False,
        "operations": operations.list_operations(client, table, target, params["limit"]),
        "lease": lease_result(operations.read_lease(client, table, target)),
    }


def one_operation(client: Any, table: str, operation_id: str) -> dict[str, Any]:
    operation, steps, audit = split_items(state_table.query_operation(client, table, operation_id))
    if operation is None:
        raise NotFound(
            f"The state table {table} has no operation {operation_id}",
            resource=operation_id,
            hint="List the operations of the target to see their ids.",
        )
    return {
        "changed": False,
        "operations": [operation_summary(operation)],
        "lease": lease_result(operations.read_lease(client, table, operation["target"])),
        "operation": operation,
        "steps": steps,
        "audit": audit,
        "report": build_report(operation, steps),
    }


def main() -> None:
    run(
        {
            "table": {"type": "str", "required": True},
            "target": {"type": "dict", "options": TARGET},
            "operation_id": {"type": "str"},
            "limit": {"type": "int", "default": 10},
        },
        read,
        required_one_of=[("target", "operation_id")],
    )


if __name__ == "__main__":
    main()
