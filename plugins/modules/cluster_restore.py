# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_restore
short_description: Restore an Aurora cluster from a snapshot, until it can be used
version_added: 0.1.0
description:
  - Restores a cluster with everything explicit (nothing falls back to AWS's defaults), creates its writer, sets the
    master password and the other settings that only a modification can set, creates its readers, associates its roles,
    and waits until all of it is available, nothing is pending and the endpoint accepts connections.
  - Engine and engine version are the snapshot's.
  - The cluster is tagged with C(aurora-restore:target=true), the operation, and the source snapshot's ARN and time.
  - A second run goes on with what a first one began, and repairs settings, members, roles and tags that differ.
    A cluster of the same name and another origin is an error, and is not touched.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  cluster_id:
    description: The identifier of the cluster.
    type: str
    required: true
  snapshot:
    description:
      - The snapshot, in the module's region, as M(dbops.aurora_restore.snapshot_copy) returns it.
      - In check mode it may be a planned one.
    type: dict
    required: true
  replaces:
    description:
      - The C(DbClusterResourceId) of the cluster whose place the restored one takes. While it is being deleted it is
        waited for. In check mode it counts as gone.
    type: str
  configuration:
    required: true
  master_user_secret_id:
    description:
      - The secret, in the module's region, that holds C(username) and C(password) of the master user, as a JSON object.
        The module reads it itself.
      - The user name must be that of the snapshot; it can't be changed.
      - Left out, the password of the source stays valid.
    type: str
  update_password:
    description:
      - V(on_create) sets the master password when the cluster is restored, V(always) also when it is complete already.
    type: str
    choices: [on_create, always]
    default: on_create
  check_endpoint:
    description: Whether to wait until the endpoint accepts connections. Turn it off where there is no route to the
      database from here.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    details: Checks snapshot, key, groups, engine version, secret and what is under the name.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details: O(update_password=always) always changes, since AWS does not tell a password.
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.assume_role
  - dbops.aurora_restore.attributes
  - dbops.aurora_restore.configuration
  - dbops.aurora_restore.wait
  - dbops.aurora_restore.operation
"""

EXAMPLES = r"""
- name: Restore staging with the configuration that it had
  dbops.aurora_restore.cluster_restore:
    region: us-west-2
    cluster_id: shop-staging
    snapshot: "{{ copied.snapshot }}"
    replaces: "{{ staging.cluster.db_cluster_resource_id }}"
    configuration: "{{ staging.configuration }}"
    master_user_secret_id: shop/staging/master
"""

RETURN = r"""
cluster:
  description:
    - The cluster with its C(instances). In check mode, where it would be restored or repaired, what it will be like,
      with C(planned) true; what only AWS knows, as its endpoint, is missing where it is not there yet.
  returned: always
  type: dict
  sample: {"db_cluster_identifier": "shop-staging", "status": "available", "endpoint": "shop-staging.cluster-x"}
action:
  description:
    - V(restored), V(adopted) for one that was begun before or repaired, V(unchanged), V(planned) in check mode.
  returned: always
  type: str
carried_over:
  description: What was set from the configuration.
  returned: always
  type: list
  elements: str
lost:
  description: What the replaced cluster had and this one has not.
  returned: always
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, Denied
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import (
    Context,
    operation_spec,
    run,
    wait_spec,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api, parameters, restoring
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.capture import (
    CONFIGURATION_OPTIONS,
    captured,
    carried_over,
    merge,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.copying import resolved_key
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import security_group_problems
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.modifying import read_master_password
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.naming import id_problem
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.waiting import describe_change

SECURITY_GROUPS = "aurora_restore_vpc_security_group_ids"


def wish_of(context: Context) -> restoring.RestoreWish:
    params, snapshot = context.params, context.params["snapshot"]
    problem = id_problem(params["cluster_id"])
    if problem:
        raise BadInput(f"cluster_id {params['cluster_id']} is not a valid id: {problem}")
    if not snapshot.get("db_cluster_snapshot_arn"):
        raise BadInput("snapshot has no db_cluster_snapshot_arn", hint="Pass what snapshot_copy returned.")
    if snapshot.get("planned") and not context.check_mode:
        raise BadInput("snapshot is only planned (it comes from check mode)", hint="Pass one that exists.")
    password = None
    if params["master_user_secret_id"]:
        password = read_master_password(
            context.client("secretsmanager"),
            params["master_user_secret_id"],
            snapshot.get("engine") or "aurora-postgresql",
            snapshot.get("master_username"),
        )
        context.no_log(password)
    return restoring.RestoreWish(
        cluster_id=params["cluster_id"].lower(),
        snapshot=snapshot,
        configuration=merge(params["configuration"], None),
        replaces=params["replaces"],
        password=password,
        always_set_password=params["update_password"] == "always",  # noqa: S105
        check_endpoint=params["check_endpoint"],
    )


def look_outside(context: Context, wish: restoring.RestoreWish, subnet_group: Mapping[str, Any]) -> list[str]:
    """What could not be seen. :raises BadInput: the key or a security group can't be used."""
    key = parameters.restore_kms_key(wish.snapshot, wish.configuration)
    groups = wish.configuration["vpc_security_group_ids"]
    unknown, found = [], None
    try:
        resolved_key(context.client("kms"), key, context.region)
    except Denied as error:
        unknown.append(f"Whether the key can be used is not known. {error}")
    try:
        found = api.describe_security_groups(context.client("ec2"), *groups)
    except Denied as error:
        unknown.append(f"Whether the security groups can be used is not known. {error}")
    problems = [] if found is None else security_group_problems(groups, found, subnet_group, SECURITY_GROUPS)
    if problems:
        raise BadInput(" ".join(problems), resource=wish.cluster_id)
    return unknown


def shown(cluster: Cluster | None) -> dict[str, Any]:
    """A cluster as it stands in a diff."""
    return {key: value for key, value in captured(cluster).items() if key != "lost"} if cluster else {}


def body(context: Context) -> dict[str, Any]:
    wish = wish_of(context)
    outcome = restoring.restore(Session.of(context), wish, lambda group: look_outside(context, wish, group))
    report = {"carried_over": carried_over(wish.configuration), "lost": list(wish.configuration["lost"])}
    context.journal.result({"action": outcome.action, **report})
    for unknown in outcome.unknown:
        context.warn(unknown)
    planned = {"planned": True} if outcome.action == "planned" else {}
    return {
        "changed": outcome.changed,
        "action": outcome.action,
        "cluster": {**outcome.cluster.to_result(), **planned} if outcome.cluster else None,
        **report,
        "diff": describe_change(shown(outcome.before), shown(outcome.cluster)),
    }


def main() -> None:
    run(
        {
            "cluster_id": {"type": "str", "required": True},
            "snapshot": {"type": "dict", "required": True},
            "replaces": {"type": "str"},
            "configuration": {"type": "dict", "required": True, "options": CONFIGURATION_OPTIONS},
            "master_user_secret_id": {"type": "str", "no_log": False},
            "update_password": {
                "type": "str",
                "choices": ["on_create", "always"],
                "default": "on_create",
                "no_log": False,
            },
            "check_endpoint": {"type": "bool", "default": True},
            **wait_spec(7200),
            **operation_spec(),
        },
        body,
    )


if __name__ == "__main__":
    main()
