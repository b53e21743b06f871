# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: operation
short_description: Open or resume, renew, record and close a restore operation
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
      - V(started) takes the lease, and opens an operation or resumes the target's unfinished one.
      - V(renewed) renews the lease; with O(hold) for the time that a block of tasks of other collections may take.
      - V(recorded) writes the status of a step, and renews the lease.
      - V(finished) closes the operation, releases the lease and returns the report.
      - V(aborted) ends an unfinished operation that was resumed with O(resume=only). The deletion protection of a
        target that was not removed after all is put back; nothing is deleted but, with O(cancel_copy), a copy in
        flight. The operation can't be resumed any more.
      - V(unlocked) breaks the lease of a holder who is gone. The operation can be resumed.
    type: str
    required: true
    choices: [started, renewed, recorded, finished, aborted, unlocked]
  table:
    description: The state table, in the region of this module. Required for O(state=started) and O(state=unlocked).
    type: str
  target:
    description: The cluster that is to be replaced. Required for O(state=started) and O(state=unlocked).
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
    description: The cluster whose snapshot is restored. Required for O(state=started), but with O(resume=only).
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
    description:
      - What the operation was asked for, and what must be the same when it is resumed. No secrets.
      - Inputs that differ are refused once the operation has begun to change anything; before that the new ones count.
    type: dict
    default: {}
  options:
    description: What else the run was asked for, kept for the record; it may differ when resumed. No secrets.
    type: dict
    default: {}
  resume:
    description:
      - What is done about an unfinished operation of the target, that is one which failed, or whose run broke off.
      - V(auto) resumes it, with the snapshot that it pinned and the configuration that it captured.
      - V(never) abandons it and opens a new one, which still inherits the captured configuration.
      - V(only) resumes it whatever its age and inputs, so that it can be ended with O(state=aborted), and opens none.
    type: str
    choices: [auto, never, only]
    default: auto
  operation_id:
    description: Resume this operation of the target, whatever its age; also one that was abandoned.
    type: str
  plan_file:
    description:
      - A file with RV(dbops.aurora_restore.restore_plan#module:plan) as JSON, which somebody has approved. The
        operation is then the one that the plan names. A plan whose operation has ended already is refused.
      - Whether the world still is as the plan says is for M(dbops.aurora_restore.restore_plan) to tell.
    type: path
  fail:
    description: In check mode, whether it fails the task that the operation could not be started. Else a new operation
      is returned, and RV(problem) says what would be in its way, so that the rest of a plan can be made.
    type: bool
    default: true
  resume_within_hours:
    description: An operation whose last sign of life is older than that is not resumed, but abandoned for a new one, so
      that a nightly restore does not go on with the snapshot of the night before.
    type: float
    default: 12
  retention_days:
    description: How many days the table keeps the operation once it succeeded, was aborted or abandoned. Needs the TTL
      attribute C(expires_at) on the table. V(0) keeps it for ever.
    type: int
    default: 90
  cancel_copy:
    description: With O(state=aborted), whether a copy of the snapshot that is in flight is cancelled, unless another
      unfinished operation of the table restores the same snapshot.
    type: bool
    default: false
  holder:
    description: With O(state=unlocked), the name of the holder as C(host:pid), as the lease that
      M(dbops.aurora_restore.operation_info) returns says it. Another holder's lease is not broken.
    type: str
  watch_seconds:
    description: With O(state=unlocked), for how many seconds the holder must show no sign of life, unless it is seen to
      be dead. At least 20.
    type: int
    default: 45
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
    description: Required for every O(state) but V(started) and V(unlocked).
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
  next_step:
    description: With O(state=recorded), the step whose begin is recorded as well, after the end of O(step).
    type: str
    choices: [preflight, snapshot_check, snapshot_copy, cluster_delete, cluster_restore, db_users, notification]
    version_added: 0.2.0
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
  replaced:
    description: C(resource_id) of the cluster that is replaced, null when there is none.
    type: dict
  publish:
    description:
      - Keeps a log of the operation in a local file, and ships it and metrics to CloudWatch in the region of this
        module, whenever a step has succeeded or the operation has ended. Left out, none of that.
      - The log is complete with the callback plugin P(dbops.aurora_restore.operation_log#callback), which adds a record
        of each task.
      - It never fails the task. What CloudWatch does not take stays in the file, for the next step or the next restore
        of the target on this machine; RV(published) and a warning say so. Nothing is done in check mode.
    type: dict
    suboptions:
      folder:
        description: The folder of the files, one for each operation.
        type: path
        required: true
      log_group_prefix:
        description: The log group of a step is V(<prefix>/<step>), and must exist. Its streams are operations.
        type: str
        default: /aurora-restore
      metric_namespace:
        description: The namespace of the metrics.
        type: str
        default: AuroraRestore
      seconds:
        description: How long shipping may take each time. The lease is renewed right before it, so this must be well
          below its time.
        type: float
        default: 5
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.operation
  - dbops.aurora_restore.assume_role
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

- name: Resume the unfinished operation of a target, to end it
  dbops.aurora_restore.operation:
    state: started
    resume: only
    region: us-west-2
    table: aurora-restore-state
    target:
      region: us-west-2
      cluster_id: shop-staging
  register: unfinished

- name: End it, and cancel its copy
  dbops.aurora_restore.operation:
    state: aborted
    region: us-west-2
    operation: "{{ unfinished.operation }}"
    cancel_copy: true

- name: Break the lease of a runner that is gone
  dbops.aurora_restore.operation:
    state: unlocked
    region: us-west-2
    table: aurora-restore-state
    target:
      region: us-west-2
      cluster_id: shop-staging
    holder: runner-7:4242

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
    O(state=recorded) its C(step) is that step, or O(next_step); of a resumed operation it is the one that it had ended
    in.
  returned: when O(state) is V(started), V(renewed) or V(recorded)
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
resumed:
  description: For an operation that is resumed C(reason), C(attempt), C(begun) (whether it had begun to change
    anything), the pinned C(snapshot), C(replaced) (once it had begun to remove the target) and its C(steps) with
    C(status), C(attempt), C(result) and C(error); null for a new one.
  returned: when O(state=started)
  type: dict
previous:
  description: The operation that is resumed, or the target's last one if that did not succeed, else null.
    C(configuration) is the configuration that it captured, or that it had itself inherited from failed operations
    before it; C(operations) are the ids of these operations, the newest first; C(deleting_since) is when the first of
    them started that had begun to remove the target, or null.
  returned: when O(state=started)
  type: dict
lease:
  description: How the lease was got, or, in check mode, how it stands; and whether something is resumed, and why.
  returned: when O(state=started)
  type: str
  sample: released; nothing to resume
step:
  description: The step as it is recorded.
  returned: when O(state=recorded)
  type: dict
problem:
  description: In check mode with O(fail=false), why the operation could not be started, else null.
  returned: when O(state=started)
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
done:
  description: What was undone or left going, as sentences.
  returned: when O(state=aborted)
  type: list
  elements: str
remains:
  description: What AWS still has of the operation, with C(kind), C(id), C(arn), C(status) and C(remark).
  returned: when O(state=aborted)
  type: list
  elements: dict
lines:
  description: All that as lines of text for people.
  returned: when O(state=aborted)
  type: list
  elements: str
target_state:
  description: How the target is now, as a sentence.
  returned: when O(state=aborted)
  type: str
broken:
  description: The lease that was broken, null when nobody held the target.
  returned: when O(state=unlocked)
  type: dict
log_file:
  description: The local file of the operation's log.
  returned: when O(state=started) and O(publish) is given, not in check mode
  type: str
published:
  description: What was shipped to CloudWatch.
  returned: when O(publish) is given and a step has succeeded or the operation has ended, not in check mode
  type: dict
  contains:
    events:
      description: How many log events CloudWatch took.
      type: int
      returned: always
    rejected:
      description: How many it did not keep, because they are too old or too new.
      type: int
      returned: always
    metrics:
      description: How many metrics it took.
      type: int
      returned: always
    kept:
      description: How many records of this operation are in the file only.
      type: int
      returned: always
    warning:
      description: What went wrong, null when nothing did.
      type: str
      returned: always
lease_lost:
  description: The message when a failed operation was closed by another one that holds the target now.
  returned: when O(state=finished) and O(status=failed) and the lease was lost
  type: str
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, LeaseLost, RestoreError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, operation_spec, run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe import records as log_records
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe import shipping, spool
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import signed
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Poller
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import aborting, api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._regions import require_region
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import closing
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import operation as operations
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.about import about_run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.journal import renew
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import lease_result
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.owner import current_owner, is_dead
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.previous import (
    others_with_snapshot,
    read_operation,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    STEPS,
    split_target,
    target_key,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.unlocking import unlock

CLUSTER = {"region": {"type": "str", "required": True}, "cluster_id": {"type": "str", "required": True}}
ARGUMENTS: dict[str, Any] = {
    "state": {
        "type": "str",
        "required": True,
        "choices": ["started", "renewed", "recorded", "finished", "aborted", "unlocked"],
    },
    "table": {"type": "str"},
    "target": {"type": "dict", "options": CLUSTER},
    "source": {"type": "dict", "options": CLUSTER},
    "inputs": {"type": "dict", "default": {}},
    "options": {"type": "dict", "default": {}},
    "resume": {"type": "str", "choices": ["auto", "never", "only"], "default": "auto"},
    "operation_id": {"type": "str"},
    "plan_file": {"type": "path"},
    "fail": {"type": "bool", "default": True},
    "resume_within_hours": {"type": "float", "default": 12.0},
    "retention_days": {"type": "int", "default": 90},
    "cancel_copy": {"type": "bool", "default": False},
    "holder": {"type": "str"},
    "watch_seconds": {"type": "int", "default": 45},
    "lease_seconds": {"type": "int", "default": 300},
    "wait_timeout": {"type": "int", "default": 0},
    "poll_interval": {"type": "float", "default": 5.0},
    "hold": {"type": "int"},
    "step": {"type": "str", "choices": list(STEPS)},
    "status": {"type": "str", "choices": ["running", "succeeded", "failed", "skipped"]},
    "next_step": {"type": "str", "choices": list(STEPS)},
    "changed": {"type": "bool"},
    "result": {"type": "dict"},
    "error": {"type": "dict"},
    "snapshot": {"type": "dict"},
    "configuration": {"type": "dict"},
    "replaced": {"type": "dict"},
    "publish": {
        "type": "dict",
        "options": {
            "folder": {"type": "path", "required": True},
            "log_group_prefix": {"type": "str", "default": "/aurora-restore"},
            "metric_namespace": {"type": "str", "default": "AuroraRestore"},
            "seconds": {"type": "float", "default": 5.0},
        },
    },
    **operation_spec(),
}


def started(context: Context) -> dict[str, Any]:
    params = context.params
    require_region(context.region, "aurora_restore_target_region")
    require_region(params["target"]["region"], "aurora_restore_target_region")
    if params["lease_seconds"] < 5:
        raise BadInput("lease_seconds must be at least 5, so that a living run can renew its lease in time")
    if params["resume"] != "only" and not params["source"]:
        raise BadInput("source is required, unless resume is only")
    plan = signed.read_plan(params["plan_file"]) if params["plan_file"] else None
    caller = api.caller_identity(context.client("sts"))
    account, source = str(caller["Account"]), params["source"] or {}
    request = operations.Start(
        table=params["table"],
        region=context.region,
        endpoint_url=params.get("endpoint_url"),
        target=target_key(account, params["target"]["region"], params["target"]["cluster_id"]),
        source={"account": account, **source, "cluster_id": str(source.get("cluster_id", "")).lower()},
        inputs=params["inputs"],
        options=params["options"],
        lease_seconds=params["lease_seconds"],
        retention_days=params["retention_days"],
        resume=params["resume"],
        operation_id=params["operation_id"] or planned_operation(plan, resumed=True),
        new_operation_id=planned_operation(plan, resumed=False),
        resume_within_hours=params["resume_within_hours"],
        owner=current_owner(context.runner.leader),
        about=about_run(str(caller["Arn"]), context.ansible_version, os.environ),
    )
    if plan:
        signed.require_plan(plan, request.target)
    client = context.state_client({"region": context.region})
    problem: RestoreError | None = None
    if not context.check_mode:
        opened = operations.start(client, request, context.poller())
    else:
        try:
            opened = operations.plan(client, request, wait=params["wait_timeout"] > 0)
        except RestoreError as error:
            if params["fail"]:
                raise
            problem, opened = error, operations.plan_anyhow(request, str(error))
    return {
        **log_begun(context, opened),
        "changed": True,
        "operation": opened.operation,
        "previous": opened.previous,
        "resumed": opened.resumed,
        "target": split_target(opened.operation["target"]),
        "lease": opened.reason,
        "problem": problem.to_dict() if problem else None,
    }


def planned_operation(plan: Mapping[str, Any] | None, resumed: bool) -> str | None:
    """The operation that a plan names, if that is one to resume, or a new one."""
    operation = (plan or {}).get("operation") or {}
    return operation.get("id") if bool(operation.get("resumed")) is resumed else None


def renewed(context: Context) -> dict[str, Any]:
    if writes(context):
        operation = context.params["operation"]
        renew(context.state_client(operation), operation, context.params["hold"])
    return {"changed": writes(context), "operation": context.params["operation"]}


def recorded(context: Context) -> dict[str, Any]:
    params = context.params
    operation = {**params["operation"], "step": params["step"]}
    item: dict[str, Any] = {"step": params["step"], "status": params["status"]}
    begun = {**operation, "step": params["next_step"]} if params["next_step"] else operation
    if writes(context):
        client = context.state_client(operation)
        item = operations.record(client, operation, params["step"], params)
        if params["next_step"]:
            operations.record(client, begun, params["next_step"], {"status": "running"})
    return {
        **step_logged(context, operation, item),
        "changed": writes(context),
        "operation": begun,
        "step": item,
    }


def finished(context: Context) -> dict[str, Any]:
    params, operation = context.params, context.params["operation"]
    if params["status"] not in ("succeeded", "failed"):
        raise BadInput(f"An operation is finished as succeeded or failed, not as {params['status']}")
    if not writes(context):
        return {"changed": False, "report": closing.planned_report(operation, params["status"], params["error"])}
    client = context.state_client(operation)
    try:
        report = closing.finish(client, operation, params["status"], params["error"])
    except LeaseLost as lost:
        report = closing.read_report(client, operation["table"], operation["id"]) or {}
        if params["status"] == "succeeded" or not report:
            raise
        context.warn(str(lost))
        return {"changed": False, "report": report, "lease_lost": str(lost)}
    shipped = published(context, log_records.operation_ended(operation, report), last=True)
    return {**shipped, "changed": True, "report": report}


def aborted(context: Context) -> dict[str, Any]:
    params, operation = context.params, context.operation
    client = context.state_client(operation)
    item = read_operation(client, operation["table"], operation["id"])
    if item is None:
        raise BadInput(f"The state table {operation['table']} has no operation {operation['id']}")
    place = split_target(operation["target"])
    others = others_with_snapshot(state_table.scan_operations(client, operation["table"]), item)
    session = Session.of(context)
    outcome = aborting.abort(session, item, place["cluster_id"], params["cancel_copy"], others)
    report: dict[str, Any] = {}
    if writes(context):
        error = {
            "kind": "aborted",
            "code": "aborted",
            "message": "The operation was aborted.",
            "step": operation["step"],
        }
        report = closing.finish(client, operation, "aborted", error)
    return {
        "changed": True,
        "done": outcome.done,
        "remains": outcome.remains,
        "target_state": outcome.target,
        "lines": aborting.lines(operation["id"], operation["target"], outcome, context.check_mode),
        "report": report,
    }


def unlocked(context: Context) -> dict[str, Any]:
    params, wanted = context.params, context.params["target"]
    require_region(wanted["region"], "aurora_restore_target_region")
    caller = api.caller_identity(context.client("sts"))
    client = context.state_client({"region": context.region})
    state_table.require_table(client, params["table"], context.region)
    lease = unlock(
        client,
        params["table"],
        target_key(str(caller["Account"]), wanted["region"], wanted["cluster_id"]),
        params["holder"],
        current_owner(context.runner.leader),
        is_dead,
        Poller(params["watch_seconds"], params["poll_interval"], context.journal.progress),
        about_run(str(caller["Arn"]), context.ansible_version, os.environ),
        check=context.check_mode,
    )
    return {"changed": lease is not None, "broken": lease_result(lease)}


def log_begun(context: Context, opened: operations.Started) -> dict[str, Any]:
    """The log of an operation, with its first record; it is shipped with the first step."""
    if not context.params["publish"] or context.check_mode:
        return {}
    path = log_file(context, opened.operation)
    logged(context, path, log_records.operation_began(opened.operation, opened.resumed, opened.reason))
    return {"log_file": str(path)}


def step_logged(context: Context, operation: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    """The end of a step in the log. That of one that failed is shipped with the operation's, which follows."""
    status = context.params["status"]
    if not context.params["publish"] or not writes(context) or status == "running":
        return {}
    record = log_records.step_ended(operation, item)
    if status != "failed":
        return published(context, record)
    logged(context, log_file(context, operation), record)
    return {}


def log_file(context: Context, operation: Mapping[str, Any]) -> Path:
    return spool.log_file(context.params["publish"]["folder"], operation["id"])


def logged(context: Context, path: Path, record: Mapping[str, Any]) -> None:
    try:
        spool.append(path, record)
    except OSError as error:
        context.warn(f"The log {path} can't be written ({error.strerror}): it is incomplete.")


def published(context: Context, record: Mapping[str, Any], last: bool = False) -> dict[str, Any]:
    """Ship the log with that record; whatever comes of it, the state is written already."""
    wish = context.params["publish"]
    if not wish or not writes(context):
        return {}
    path = log_file(context, context.operation)
    to = shipping.Destination(context.hasty_client, wish["log_group_prefix"], wish["metric_namespace"], wish["seconds"])
    outcome = shipping.publish(path, record, to, last=last)
    for warning in outcome.warnings:
        context.warn(warning)
    return {"published": outcome.to_result()}


def writes(context: Context) -> bool:
    return not context.check_mode and bool(context.params["operation"]["fence"])


STATES = {
    "started": started,
    "renewed": renewed,
    "recorded": recorded,
    "finished": finished,
    "aborted": aborted,
    "unlocked": unlocked,
}


def main() -> None:
    run(
        ARGUMENTS,
        lambda context: STATES[context.params["state"]](context),
        required_if=[
            ("state", "started", ("table", "target")),
            ("state", "renewed", ("operation",)),
            ("state", "recorded", ("operation", "step", "status")),
            ("state", "finished", ("operation", "status")),
            ("state", "aborted", ("operation",)),
            ("state", "unlocked", ("table", "target", "holder")),
        ],
    )


if __name__ == "__main__":
    main()
