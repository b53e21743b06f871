# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: operation
short_description: Open, renew, record and close a restore operation
version_added: 0.1.0
description:
  - An operation is one restore of one target cluster. It is recorded in a DynamoDB table and holds a lease on the
    target, so that no two runs change the same target, wherever they run.
  - The lease is free when it was released, when its owner is a process of this same host and boot that is dead, or
    when it has shown no sign of life for its O(lease_seconds) while this module waited. No two machines' clocks are
    compared.
  - What an operation holds is never secret. Do not pass secrets in O(inputs), O(result) or O(error).
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  state:
    description:
      - V(started) takes the lease and opens an operation.
      - V(renewed) renews the lease; with O(hold) for the time that a block of tasks of other collections may take.
      - V(recorded) writes the status of a step, and renews the lease.
      - V(finished) closes the operation, releases the lease and returns the report.
    type: str
    required: true
    choices: [started, renewed, recorded, finished]
  table:
    description: The state table, in the region of this module. Required for O(state=started).
    type: str
  target:
    description: The cluster that is to be replaced. Required for O(state=started).
    type: dict
    suboptions:
      region:
        description: Its region.
        type: str
        required: true
      cluster_id:
        description: Its cluster identifier; the cluster need not exist.
        type: str
        required: true
  source:
    description: The cluster whose snapshot is restored. Required for O(state=started).
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
  inputs:
    description: What the operation was asked for, kept for the record. No secrets.
    type: dict
    default: {}
  lease_seconds:
    description: How many seconds without a sign of life make the lease free for others.
    type: int
    default: 300
  wait_timeout:
    description:
      - How many seconds to wait for a lease that another operation holds. V(0) fails at once.
      - The lease of a run that died on another host can only be taken over by waiting longer than its O(lease_seconds).
    type: int
    default: 0
  poll_interval:
    description: The longest pause, in seconds, between two looks at a lease that another operation holds.
    type: float
    default: 5
  operation:
    description: Required for every O(state) but V(started).
  hold:
    description: How many seconds the lease is to hold without being renewed. The next renewal puts the normal time
      back.
    type: int
  step:
    description: The step to record. Required for O(state=recorded).
    type: str
    choices: [preflight, snapshot_check, snapshot_copy, cluster_delete, cluster_restore, db_users, notification]
  status:
    description: How the step or the operation stands. Required for O(state=recorded) and O(state=finished); the latter
      takes V(succeeded) and V(failed) only.
    type: str
    choices: [running, succeeded, failed, skipped]
  changed:
    description: Whether the step changed anything.
    type: bool
  result:
    description: What came of the step; merged into what is recorded already. No secrets.
    type: dict
  error:
    description: Why it failed, for instance RV(ignore:error) of a failed module of this collection, or a dict with
      C(message) and C(code). No secrets.
    type: dict
  snapshot:
    description: The snapshot that the operation restores, as M(dbops.aurora_restore.snapshot_info) returns it.
    type: dict
  configuration:
    description: The captured configuration of the cluster that is replaced. Should this operation not succeed, the
      next one of the target gets it as RV(previous).
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.operation
  - dbops.aurora_restore.attributes
attributes:
  check_mode:
    support: full
    details:
      - Reads and checks as a run does, writes nothing. O(state=started) returns an operation with fence 0, for which
        no module ever writes anything.
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - Each call is recorded.
"""

EXAMPLES = r"""
- name: Open an operation
  dbops.aurora_restore.operation:
    state: started
    region: us-west-2
    table: aurora-restore-state
    source:
      region: us-east-1
      cluster_id: shop-production
    target:
      region: us-west-2
      cluster_id: shop-staging
  register: started

- name: Record that a step begins
  dbops.aurora_restore.operation:
    state: recorded
    region: us-west-2
    operation: "{{ started.operation }}"
    step: db_users
    status: running
  register: recorded

- name: Keep the lease through the tasks of other collections
  dbops.aurora_restore.operation:
    state: renewed
    region: us-west-2
    operation: "{{ recorded.operation }}"
    hold: 900

- name: Close the operation
  dbops.aurora_restore.operation:
    state: finished
    region: us-west-2
    operation: "{{ started.operation }}"
    status: succeeded
  register: finished
"""

RETURN = r"""
operation:
  description: The operation, as the O(operation) option of the modules of this collection takes it. After
    O(state=recorded) its C(step) is that step.
  returned: when O(state) is not V(finished)
  type: dict
  contains:
    id:
      description: The operation's id, a ULID; sorts by time.
      type: str
      returned: always
    step:
      description: The step that modules write to.
      type: str
      returned: always
    target:
      description: The target as C(<account>/<region>/<cluster>).
      type: str
      returned: always
    owner:
      description: The process that holds the lease.
      type: str
      returned: always
    fence:
      description: A number that grows with each lease of the target; 0 in check mode.
      type: int
      returned: always
    table:
      description: The state table.
      type: str
      returned: always
    region:
      description: The region of the state table.
      type: str
      returned: always
    endpoint_url:
      description: The endpoint that was given for the state table.
      type: str
      returned: always
target:
  description: The target, with its account.
  returned: when O(state=started)
  type: dict
  sample: {account: "123456789012", region: us-west-2, cluster_id: shop-staging}
previous:
  description: The target's last operation if that one did not succeed, else null. C(configuration) is the configuration
    that it captured, or that it had itself inherited from failed operations before it; C(operations) are the ids of
    these operations, the newest first; C(deleting_since) is when the first of them started that had begun to remove the
    target, or null.
  returned: when O(state=started)
  type: dict
lease:
  description: How the lease was got, or, in check mode, how it stands.
  returned: when O(state=started)
  type: str
  sample: released
step:
  description: The step as it is recorded.
  returned: when O(state=recorded)
  type: dict
report:
  description: The report of the operation.
  returned: when O(state=finished)
  type: dict
  contains:
    operation_id:
      description: The operation.
      type: str
      returned: always
    status:
      description: How it ended.
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
    snapshot:
      description: Id, arn, created_at and age_seconds (when the operation started) of the snapshot; null before it was
        chosen.
      type: dict
      returned: always
    steps:
      description: Step, status, started_at, finished_at, seconds and changed of each step that was begun.
      type: list
      elements: dict
      returned: always
    downtime_seconds:
      description: From the first destructive call to the moment an application login worked; null when either is
        missing.
      type: float
      returned: always
    total_seconds:
      description: From the start to the end of the operation.
      type: float
      returned: always
    final_snapshot_id:
      description: The final snapshot of the cluster that was replaced.
      type: str
      returned: always
    carried_over:
      description: Configuration that the new cluster has from the one that it replaces.
      type: list
      elements: str
      returned: always
    lost:
      description: What the replaced cluster had and the new one has not.
      type: list
      elements: str
      returned: always
    error:
      description: Step, code and message when it failed, else null.
      type: dict
      returned: always
lease_lost:
  description: The message when a failed operation was closed by another one that holds the target now.
  returned: when O(state=finished) and O(status=failed) and the lease was lost
  type: str
"""

import os
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, LeaseLost
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, operation_spec, run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._regions import require_region
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import operation as operations
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.about import about_run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.journal import renew
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.owner import current_owner
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    STEPS,
    split_target,
    target_key,
)

CLUSTER = {"region": {"type": "str", "required": True}, "cluster_id": {"type": "str", "required": True}}
ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "required": True, "choices": ["started", "renewed", "recorded", "finished"]},
    "table": {"type": "str"},
    "target": {"type": "dict", "options": CLUSTER},
    "source": {"type": "dict", "options": CLUSTER},
    "inputs": {"type": "dict", "default": {}},
    "lease_seconds": {"type": "int", "default": 300},
    "wait_timeout": {"type": "int", "default": 0},
    "poll_interval": {"type": "float", "default": 5.0},
    "hold": {"type": "int"},
    "step": {"type": "str", "choices": list(STEPS)},
    "status": {"type": "str", "choices": ["running", "succeeded", "failed", "skipped"]},
    "changed": {"type": "bool"},
    "result": {"type": "dict"},
    "error": {"type": "dict"},
    "snapshot": {"type": "dict"},
    "configuration": {"type": "dict"},
    **operation_spec(),
}


def started(context: Context) -> dict[str, Any]:
    params = context.params
    require_region(context.region, "aurora_restore_target_region")
    require_region(params["target"]["region"], "aurora_restore_target_region")
    if params["lease_seconds"] < 5:
        raise BadInput("lease_seconds must be at least 5, so that a living run can renew its lease in time")
    caller = api.caller_identity(context.client("sts"))
    account = str(caller["Account"])
    request = operations.Start(
        table=params["table"],
        region=context.region,
        endpoint_url=params.get("endpoint_url"),
        target=target_key(account, params["target"]["region"], params["target"]["cluster_id"]),
        source={"account": account, **params["source"], "cluster_id": params["source"]["cluster_id"].lower()},
        inputs=params["inputs"],
        lease_seconds=params["lease_seconds"],
        owner=current_owner(context.runner.leader),
        about=about_run(str(caller["Arn"]), context.ansible_version, os.environ),
    )
    client = context.state_client({"region": context.region})
    if context.check_mode:
        opened = operations.plan(client, request, wait=params["wait_timeout"] > 0)
    else:
        opened = operations.start(client, request, context.poller())
    return {
        "changed": True,
        "operation": opened.operation,
        "previous": opened.previous,
        "target": split_target(opened.operation["target"]),
        "lease": opened.reason,
    }


def renewed(context: Context) -> dict[str, Any]:
    if writes(context):
        operation = context.params["operation"]
        renew(context.state_client(operation), operation, context.params["hold"])
    return {"changed": writes(context), "operation": context.params["operation"]}


def recorded(context: Context) -> dict[str, Any]:
    params = context.params
    operation = {**params["operation"], "step": params["step"]}
    item: dict[str, Any] = {"step": params["step"], "status": params["status"]}
    if writes(context):
        item = operations.record(context.state_client(operation), operation, params["step"], params)
    return {"changed": writes(context), "operation": operation, "step": item}


def finished(context: Context) -> dict[str, Any]:
    params, operation = context.params, context.params["operation"]
    if params["status"] not in ("succeeded", "failed"):
        raise BadInput(f"An operation is finished as succeeded or failed, not as {params['status']}")
    if not writes(context):
        return {"changed": False, "report": operations.planned_report(operation, params["status"], params["error"])}
    client = context.state_client(operation)
    try:
        report = operations.finish(client, operation, params["status"], params["error"])
    except LeaseLost as lost:
        report = operations.read_report(client, operation["table"], operation["id"]) or {}
        if params["status"] == "succeeded" or not report:
            raise
        context.warn(str(lost))
        return {"changed": False, "report": report, "lease_lost": str(lost)}
    return {"changed": True, "report": report}


def writes(context: Context) -> bool:
    return not context.check_mode and bool(context.params["operation"]["fence"])


STATES = {"started": started, "renewed": renewed, "recorded": recorded, "finished": finished}


def main() -> None:
    run(
        ARGUMENTS,
        lambda context: STATES[context.params["state"]](context),
        required_if=[
            ("state", "started", ("table", "target", "source")),
            ("state", "renewed", ("operation",)),
            ("state", "recorded", ("operation", "step", "status")),
            ("state", "finished", ("operation", "status")),
        ],
    )


if __name__ == "__main__":
    main()
