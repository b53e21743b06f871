# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: restore_plan
short_description: Check everything before a restore, and say what it will do
version_added: 0.1.0
description:
  - Reads source, target and everything that the restore refers to once, runs all checks, and decides which snapshot is
    restored with which configuration, call by call.
  - The same plan is what a check run prints and what the real run starts from. Given back as O(plan_file), it makes
    the module refuse when the world has changed since.
  - All problems are reported at once, each in one sentence that names the variable of the role
    P(dbops.aurora_restore.aurora_restore#role), the resource, and what to do. What could not be seen is unknown, never
    passed.
  - Durations and cost are estimates.
  - Never changes anything.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  source:
    description: The cluster whose snapshot is restored; it need not exist any more.
    type: dict
    required: true
    suboptions:
      region:
        description: Its region.
        type: str
        required: true
      cluster_id:
        description: Its cluster identifier.
        type: str
        required: true
  target:
    description: The cluster that is replaced; it need not exist yet.
    type: dict
    required: true
    suboptions:
      region:
        description: Its region.
        type: str
        required: true
      cluster_id:
        description: Its cluster identifier.
        type: str
        required: true
  snapshot_id:
    description: Restore this snapshot, by id or ARN.
    type: str
  snapshot_prefix:
    description: Only snapshots whose id starts with this, for automated ones with or without C(rds:).
    type: str
  snapshot_type:
    description: Only snapshots of this type.
    type: str
    choices: [automated, manual, any]
    default: any
  snapshot_max_age_hours:
    description: Only snapshots not older than this.
    type: float
  kms_key_id:
    description: The key of the target's region for copy and cluster, as id, ARN or alias. Left out, the key of the
      cluster that is replaced.
    type: str
  confirm_delete:
    description: A cluster id that may be deleted although it has no tag C(aurora-restore:target=true).
    type: str
  lift_deletion_protection:
    description: Whether deletion protection of the target may be lifted.
    type: bool
    default: false
  final_snapshot:
    description: When the final snapshot of the target is taken.
    type: str
    choices: [before, at_delete, none]
    default: before
  master_secret_id:
    description: The secret with C(username) and C(password) of the master user.
    type: str
  app_secret_id:
    description: The secret with C(app_username), C(app_password), C(readonly_username) and C(readonly_password).
    type: str
  databases:
    description: The databases in which users are set up. An empty list means that the master secret has to name it in
      C(database).
    type: list
    elements: str
  sns_topic_arn:
    description: The topic that is told how it went.
    type: str
  db_ca_cert:
    description: The file, on the host that runs this module, of the certificates that sign the database's.
    type: path
  require_ca_cert:
    description: Whether O(db_ca_cert) has to be given.
    type: bool
    default: true
  state_table:
    description: The state table, in the region of O(operation), else in that of the target.
    type: str
  configuration:
    description: What is wanted other than the cluster that is replaced has it. A member that leaves something out gets
      it from the member of the same place.
    default: {}
  expected_account:
    description: The account that the credentials must be of.
    type: str
  other_logins:
    description: What is done about logins that come with the data, for the plan to say.
    type: str
    choices: [disable, report, keep]
    default: disable
  check_database:
    description: Whether to try, from the host that runs this module, to reach the database of the cluster that is
      replaced, and to read who can log in to it.
    type: bool
    default: true
  db_host:
    description: The host that runs the database steps, where that is not the one that runs this module, as
      M(dbops.aurora_restore.database_host_info) found it. Then O(check_database) tries nothing.
    type: dict
    suboptions:
      name:
        description: Its name in the inventory.
        type: str
        required: true
      problems:
        description: Why it can't run them, as sentences.
        type: list
        elements: str
        default: []
      tried:
        description: Whether it tried to reach the live target's database.
        type: bool
        default: false
      unreached:
        description: Why it could not reach it.
        type: str
  public_security_groups:
    description: Ids of security groups that may open the database's port to the internet.
    type: list
    elements: str
    default: []
  public_subnet_groups:
    description: Names of subnet groups that may have public subnets.
    type: list
    elements: str
    default: []
  allow_less_encryption:
    description: Whether the new cluster may be encrypted by less than the snapshot is. In that order, nothing, a key
      that AWS owns, the one that AWS manages, a key of the customer.
    type: bool
    default: false
  prices:
    description: Prices that win over those that come with the collection, by region; see the guide on estimates.
    type: dict
    default: {}
  plan_file:
    description: A file with RV(plan) of an earlier run as JSON, which somebody has approved. What is not as it says is
      a problem.
    type: path
  operation_problem:
    description: Why the operation could not be started, as C(problem) of M(dbops.aurora_restore.operation). It counts
      as a problem here.
    type: dict
  previous_configuration:
    description: The configuration that the target's last operation had captured when that one did not succeed, that
      is C(previous.configuration) of M(dbops.aurora_restore.operation). It is used when the target does not exist, is
      an unfinished restore of one of O(previous_operations), or is what is left of the cluster that they began to
      remove.
    type: dict
  previous_deleting_since:
    description: When the first of O(previous_operations) started that had begun to remove the target, that is
      C(previous.deleting_since) of M(dbops.aurora_restore.operation). A cluster that is older than that may have lost
      members or its protection to it.
    type: str
  resumed:
    description: What the operation that this belongs to has recorded in earlier attempts, that is C(resumed) of
      M(dbops.aurora_restore.operation). Its pinned snapshot is used, and what is done already is not planned again.
    type: dict
  previous_operations:
    description: The operations of the target that failed since the last that succeeded, that is C(previous.operations)
      of M(dbops.aurora_restore.operation).
    type: list
    elements: str
    default: []
  fail:
    description: Whether problems fail the task. Else they are only returned.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    details: This module only reads.
  diff_mode:
    support: none
  idempotent:
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.configuration
  - dbops.aurora_restore.operation
  - dbops.aurora_restore.assume_role
  - dbops.aurora_restore.attributes
"""

EXAMPLES = r"""
- name: See what a restore would do
  dbops.aurora_restore.restore_plan:
    region: us-west-2
    source:
      region: us-east-1
      cluster_id: shop-production
    target:
      region: us-west-2
      cluster_id: shop-staging
    master_secret_id: shop/staging/master
    app_secret_id: shop/staging/app
    db_ca_cert: /etc/ssl/rds/us-west-2-bundle.pem
    fail: false
  register: plan

- name: Another class for the writer, and one reader less
  dbops.aurora_restore.restore_plan:
    region: us-west-2
    source:
      region: us-east-1
      cluster_id: shop-production
    target:
      region: us-west-2
      cluster_id: shop-staging
    master_secret_id: shop/staging/master
    app_secret_id: shop/staging/app
    db_ca_cert: /etc/ssl/rds/us-west-2-bundle.pem
    configuration:
      instances:
        - db_instance_class: db.r6g.xlarge
"""

RETURN = r"""
plan:
  description:
    - The whole plan, to be kept as JSON, approved, and given back as O(plan_file).
    - Among others C(operation), C(snapshot) with its rule and what was passed over, C(actions), C(changes) (every
      setting of the target now and afterwards), C(logins), C(durations) in seconds, C(cost), C(checks), C(refused) and
      C(digest), the SHA-256 of all the rest.
  returned: success
  type: dict
lines:
  description: The plan as lines of text.
  returned: success
  type: list
  elements: str
markdown:
  description: The plan as Markdown.
  returned: success
  type: str
checks:
  description: What was checked; one entry for a check that is fine, one for each problem of another.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The check.
      type: str
      returned: always
    status:
      description: V(passed), V(failed), or V(unknown) when it could not be seen.
      type: str
      returned: always
    blocks:
      description: Whether a run is refused for it.
      type: bool
      returned: always
    seen:
      description: What was seen.
      type: str
      returned: always
    todo:
      description: What to do.
      type: str
      returned: always
    variable:
      description: The role variable that it is about.
      type: str
      returned: always
    message:
      description: Unless it passed, all that as one sentence.
      type: str
      returned: always
failures:
  description: The problems, each one sentence. With O(fail=true) the task fails with them.
  returned: success
  type: list
  elements: str
refusal:
  description: The problems as one message, or null.
  returned: success
  type: str
warnings_found:
  description: What may go wrong and is no reason to stop.
  returned: success
  type: list
  elements: str
snapshot:
  description: The snapshot to restore, as M(dbops.aurora_restore.snapshot_info) returns it, or null.
  returned: success
  type: dict
source:
  description: Account, region, cluster_id and resource_id of the source.
  returned: success
  type: dict
target:
  description: Account, region, cluster_id, exists, resource_id, status and, when it exists, cluster.
  returned: success
  type: dict
replaced:
  description: C(resource_id) of the cluster that is replaced, or that a resumed operation had begun to replace; null
    when there is, or was, none.
  returned: success
  type: dict
kms_key_id:
  description: The ARN of the key for copy and cluster, or null.
  returned: success
  type: str
captured:
  description: The configuration of the cluster that is replaced, or null.
  returned: success
  type: dict
configuration:
  description: The configuration of the new cluster, as M(dbops.aurora_restore.cluster_restore) takes it.
  returned: success
  type: dict
differences:
  description: What the new cluster has different from the one that it replaces.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: The key of the configuration.
      type: str
      returned: always
    before:
      description: What the replaced cluster has.
      type: raw
      returned: always
    after:
      description: What the new one gets.
      type: raw
      returned: always
stands:
  description: Where each step stands, from what the operation has recorded and what AWS shows now.
  returned: success
  type: list
  elements: dict
  contains:
    step:
      description: The step.
      type: str
      returned: always
    how:
      description: V(start), V(adopt) (something is in flight or half done), V(reuse), V(remove) (a wreck of this
        operation), V(skip) or V(refuse) (something foreign is in the way).
      type: str
      returned: always
    why:
      description: What was seen.
      type: str
      returned: always
actions:
  description: What a restore does, in order; the operation's own records left out.
  returned: success
  type: list
  elements: dict
  contains:
    step:
      description: The step.
      type: str
      returned: always
    how:
      description: As in RV(stands).
      type: str
      returned: always
    action:
      description: What is done.
      type: str
      returned: always
    service:
      description: V(rds), V(sns) or V(sql), or null.
      type: str
      returned: always
    call:
      description: The AWS action or SQL statement; null where nothing is called.
      type: str
      returned: always
    resource:
      description: What it is done to.
      type: str
      returned: always
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, operation_spec, run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import (
    checks,
    decisions,
    document,
    estimating,
    prices,
    signed,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.case import Case
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.reading import (
    Connect,
    read_surroundings,
    read_world,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import (
    DatabaseHost,
    Resumed,
    Wishes,
    attempt,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.capture import CONFIGURATION_OPTIONS
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.selection import Wish, age_seconds
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import utc_now
from ansible_collections.dbops.aurora_restore.plugins.module_utils._regions import known_regions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.history import read_history
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.journal import runner_watch
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import target_key

# So many earlier operations are looked at for how long things take.
HISTORY = 5
CLUSTER = {"region": {"type": "str", "required": True}, "cluster_id": {"type": "str", "required": True}}
ARGUMENTS: dict[str, Any] = {
    "source": {"type": "dict", "required": True, "options": CLUSTER},
    "target": {"type": "dict", "required": True, "options": CLUSTER},
    "snapshot_id": {"type": "str"},
    "snapshot_prefix": {"type": "str"},
    "snapshot_type": {"type": "str", "choices": ["automated", "manual", "any"], "default": "any"},
    "snapshot_max_age_hours": {"type": "float"},
    "kms_key_id": {"type": "str"},
    "confirm_delete": {"type": "str"},
    "lift_deletion_protection": {"type": "bool", "default": False},
    "final_snapshot": {"type": "str", "choices": ["before", "at_delete", "none"], "default": "before"},
    "master_secret_id": {"type": "str", "no_log": False},
    "app_secret_id": {"type": "str", "no_log": False},
    "databases": {"type": "list", "elements": "str"},
    "sns_topic_arn": {"type": "str"},
    "db_ca_cert": {"type": "path"},
    "require_ca_cert": {"type": "bool", "default": True},
    "state_table": {"type": "str"},
    "expected_account": {"type": "str"},
    "other_logins": {"type": "str", "choices": ["disable", "report", "keep"], "default": "disable"},
    "check_database": {"type": "bool", "default": True},
    "db_host": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "problems": {"type": "list", "elements": "str", "default": []},
            "tried": {"type": "bool", "default": False},
            "unreached": {"type": "str"},
        },
    },
    "public_security_groups": {"type": "list", "elements": "str", "default": []},
    "public_subnet_groups": {"type": "list", "elements": "str", "default": []},
    "allow_less_encryption": {"type": "bool", "default": False},
    "prices": {"type": "dict", "default": {}},
    "plan_file": {"type": "path"},
    "operation_problem": {"type": "dict"},
    "configuration": {"type": "dict", "default": {}, "options": CONFIGURATION_OPTIONS},
    "previous_configuration": {"type": "dict"},
    "previous_operations": {"type": "list", "elements": "str", "default": []},
    "previous_deleting_since": {"type": "str"},
    "resumed": {"type": "dict"},
    "fail": {"type": "bool", "default": True},
    **operation_spec(),
}


def wishes_of(context: Context, account: str) -> Wishes:
    params = context.params
    operation, resumed = params["operation"] or {}, resumed_of(params["resumed"])
    return Wishes(
        account=account,
        source_region=params["source"]["region"],
        source_cluster_id=params["source"]["cluster_id"].lower(),
        target_region=params["target"]["region"],
        target_cluster_id=params["target"]["cluster_id"].lower(),
        snapshot=snapshot_wish(params, resumed),
        kms_key_id=params["kms_key_id"],
        confirm_delete=params["confirm_delete"],
        lift_deletion_protection=params["lift_deletion_protection"],
        final_snapshot=params["final_snapshot"],
        master_secret_id=params["master_secret_id"],
        app_secret_id=params["app_secret_id"],
        databases=params["databases"],
        sns_topic_arn=params["sns_topic_arn"],
        ca_file=params["db_ca_cert"],
        ca_required=params["require_ca_cert"],
        state_table=params["state_table"],
        state_region=operation.get("region") or params["target"]["region"],
        overrides=params["configuration"],
        previous_configuration=params["previous_configuration"],
        previous_operations=params["previous_operations"],
        previous_deleting_since=params["previous_deleting_since"],
        operation_id=operation.get("id"),
        resumed=resumed,
        expected_account=params["expected_account"],
        other_logins=params["other_logins"],
        check_database=params["check_database"],
        db_host=DatabaseHost(**params["db_host"]) if params["db_host"] else None,
        public_security_groups=params["public_security_groups"],
        public_subnet_groups=params["public_subnet_groups"],
        allow_less_encryption=params["allow_less_encryption"],
    )


def resumed_of(values: Mapping[str, Any] | None) -> Resumed | None:
    """What the operation module says of a resumed operation."""
    if not values:
        return None
    return Resumed(
        snapshot=values.get("snapshot") or None,
        replaced=values.get("replaced") or None,
        steps=values.get("steps") or {},
        attempt=int(values.get("attempt") or 1),
        begun=bool(values.get("begun")),
    )


def snapshot_wish(params: Mapping[str, Any], resumed: Resumed | None) -> Wish:
    """Which snapshot: the one that a resumed operation pinned, else by the options."""
    if resumed and resumed.snapshot:
        return Wish(snapshot_id=resumed.snapshot["db_cluster_snapshot_arn"])
    return Wish(
        snapshot_id=params["snapshot_id"],
        prefix=params["snapshot_prefix"],
        snapshot_type=params["snapshot_type"],
        max_age_hours=params["snapshot_max_age_hours"],
    )


def plan(context: Context) -> dict[str, Any]:
    regions, now = known_regions(), utc_now()
    # Credentials that are wrong would fail every single read: they fail here, once.
    connected = functools.cache(lambda service, region: context.client(service, region=region))  # slow to make
    watch = runner_watch(context.runner)

    def connect(service: str, region: str) -> Client:
        """Asked before every read: one whose runner is gone reads no further."""
        watch()
        return connected(service, region)

    home = next((name for name in (context.params["target"]["region"], context.region) if name in regions), "us-east-1")
    caller = api.caller_identity(connect("sts", home))
    wishes = wishes_of(context, str(caller["Account"]))
    mispriced = prices.problem(context.params["prices"])
    priced = prices.SHIPPED if mispriced else prices.merged(prices.SHIPPED, context.params["prices"])
    world = read_world(wishes, regions, connect, caller)
    decision = decisions.decide(wishes, world, now)
    around = read_surroundings(wishes, decision, regions, connect, world)
    case = Case(wishes, world, decision, around, now)
    results = checks.run_checks(case)
    results += operation_check(context.params["operation_problem"], results)
    if mispriced:
        results.append(checks.blocked("prices", mispriced))
    work = document.work_of(case)
    made = document.build(
        case,
        results,
        estimating.durations(work, read_past(wishes, connect) if world.state_table.value else []),
        estimating.cost(work, priced),
    )
    if context.params["plan_file"]:
        made = compared(made, signed.read_plan(context.params["plan_file"]))
    if made["failures"] and context.params["fail"]:
        raise BadInput(as_message(made["failures"]), code="preflight")
    for remark in made["warnings"]:
        context.warn(remark)
    return {
        "changed": False,
        "plan": made,
        "lines": document.lines(made),
        "markdown": document.markdown(made),
        "refusal": as_message(made["failures"]) if made["failures"] else None,
        "warnings_found": made["warnings"],
        **{key: made[key] for key in ("checks", "failures", "stands", "actions", "source", "replaced", "kms_key_id")},
        **described(case),
    }


def operation_check(problem: Mapping[str, Any] | None, results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is in the way of starting the operation, as one of the checks, unless another one has said it already."""
    if not problem or any(problem["message"] in str(item["message"]) for item in results):
        return []
    return [checks.blocked("operation", problem["message"], denied=problem["kind"] == "denied")]


def read_past(wishes: Wishes, connect: Connect) -> Sequence[Mapping[str, Any]]:
    """The target's last operations; none when they can't be read: then durations come from the model."""
    target = target_key(wishes.account, wishes.target_region, wishes.target_cluster_id)

    def read() -> Sequence[Mapping[str, Any]]:
        return read_history(connect("dynamodb", wishes.state_region), str(wishes.state_table), target, HISTORY)

    return attempt(read).value or []


def compared(made: dict[str, Any], plan: Mapping[str, Any]) -> dict[str, Any]:
    """The plan with what is not as a signed one says among its checks."""
    target = made["target"]
    signed.require_plan(plan, target_key(target["account"], target["region"], target["cluster_id"]))
    found = signed.deviations(plan, made)
    results = [*made["checks"], *(checks.blocked("signed_plan", signed.sentence(plan, text)) for text in found)]
    return document.with_checks(made, results)


def described(case: Case) -> dict[str, Any]:
    """What was decided, as results for the steps that follow."""
    wishes, decision = case.wishes, case.decision
    snapshot, cluster = decision.snapshot, case.world.target.value
    configuration = decisions.resolved_configuration(decision, case.around)
    return {
        "snapshot": {**snapshot.to_result(), "age_seconds": age_seconds(snapshot, case.now)} if snapshot else None,
        "target": {
            "account": wishes.account,
            "region": wishes.target_region,
            "cluster_id": wishes.target_cluster_id,
            "exists": cluster is not None,
            "resource_id": cluster.resource_id if cluster else None,
            "status": cluster.status if cluster else None,
            "cluster": cluster.to_result() if cluster else None,
        },
        "captured": decision.captured,
        "configuration": configuration,
        "differences": decisions.differences(decision.captured, configuration),
    }


def as_message(failures: list[str]) -> str:
    if len(failures) == 1:
        return f"Preflight found a problem, nothing was changed: {failures[0]}"
    listed = "\n".join(f"- {failure}" for failure in failures)
    return f"Preflight found {len(failures)} problems, nothing was changed:\n{listed}"


def main() -> None:
    run(ARGUMENTS, plan)


if __name__ == "__main__":
    main()
