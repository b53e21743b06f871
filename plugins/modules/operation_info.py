# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: operation_info
short_description: Read restore operations, their steps and the lease of a target
version_added: 0.1.0
description:
  - Says who holds a target, how far its operation is, and lists its last operations; or reads one operation with its
    steps, its audit trail and its report.
  - Operations that are finished for longer than their C(retention_days) are not shown, even if DynamoDB has not removed
    them yet.
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
  resources:
    description: Whether to look up what AWS has of the operation, or of the target's last one if that is unfinished. It
      is looked for in the target's region, by the tag of the operation.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.assume_role
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
      description: One of running, succeeded, failed, aborted, abandoned.
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
    acquired_at:
      description: When its owner took it, by its owner's clock.
      type: str
      returned: always
    holder:
      description: Who holds it, as C(host:pid), null when nobody does.
      type: str
      returned: always
outlook:
  description: How the target's last operation stands, null when it never had one.
  returned: when O(operation_id) is not given
  type: dict
  contains:
    operation_id:
      description: The operation.
      type: str
      returned: always
    status:
      description: Its status.
      type: str
      returned: always
    attempt:
      description: How often it was begun, the first time included.
      type: int
      returned: always
    held:
      description: Whether it holds the target. A running operation that does not has lost its run.
      type: bool
      returned: always
    heartbeat_age_seconds:
      description: Seconds since its last sign of life, from its holder's clock to this machine's.
      type: float
      returned: always
    step:
      description: The step that runs, or that it ended in.
      type: str
      returned: always
    step_status:
      description: The status of that step.
      type: str
      returned: always
    progress:
      description: What the step waits for, as it was last seen.
      type: str
      returned: always
    percent:
      description: The progress that AWS reports, 0 to 100.
      type: int
      returned: always
    expected_end:
      description: When it may be expected to end, from what the steps of the target's last successful operations took;
        null when nobody knows.
      type: str
      returned: always
    error:
      description: Why it failed, else null.
      type: dict
      returned: always
resources:
  description: What AWS has of the operation, with C(kind), C(id), C(arn), C(status) and C(remark).
  returned: when O(resources=true)
  type: list
  elements: dict
lines:
  description: All that as lines of text for people.
  returned: success
  type: list
  elements: str
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

from collections.abc import Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import NotFound, RestoreError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.resources import read_resources
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import utc_now
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import operation as operations
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.describing import (
    audit_lines,
    history_line,
    status_lines,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.history import outlook, read_history
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import lease_result
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import split_target, target_key
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
        return one_operation(context, client, params["operation_id"])
    wanted = params["target"]
    account = wanted["account"] or str(api.caller_identity(context.client("sts"))["Account"])
    return one_target(context, client, target_key(account, wanted["region"], wanted["cluster_id"]))


def one_target(context: Context, client: Any, target: str) -> dict[str, Any]:
    table = context.params["table"]
    history = read_history(client, table, target, context.params["limit"])
    lease = operations.read_lease(client, table, target)
    stands = outlook(lease, history, utc_now())
    last = history[0] if history and history[0].get("status") != "succeeded" else None
    found = {"resources": resources_of(context, last)} if context.params["resources"] else {}
    return {
        "changed": False,
        "operations": [operation_summary(item) for item in history],
        "lease": lease_result(lease),
        "outlook": stands,
        "lines": status_lines(target, lease, stands, history, found.get("resources") or ()),
        **found,
    }


def resources_of(context: Context, operation: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if operation is None:
        return []
    place = split_target(str(operation["target"]))
    rds = context.client("rds", place["region"])
    try:
        return read_resources(rds, operation["operation_id"], place["cluster_id"])
    except RestoreError as error:  # what the table says is worth showing all the same
        context.warn(f"What AWS has of operation {operation['operation_id']} could not be read: {error}")
        return []


def one_operation(context: Context, client: Any, operation_id: str) -> dict[str, Any]:
    table = context.params["table"]
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
        "lines": [history_line(operation), *audit_lines(audit)],
        **({"resources": resources_of(context, operation)} if context.params["resources"] else {}),
    }


def main() -> None:
    run(
        {
            "table": {"type": "str", "required": True},
            "target": {"type": "dict", "options": TARGET},
            "operation_id": {"type": "str"},
            "limit": {"type": "int", "default": 10},
            "resources": {"type": "bool", "default": False},
        },
        read,
        required_one_of=[("target", "operation_id")],
    )


if __name__ == "__main__":
    main()
