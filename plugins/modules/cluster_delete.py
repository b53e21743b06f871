# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_delete
short_description: Delete an Aurora cluster with its members, after proof
version_added: 0.1.0
description:
  - Deletes a cluster only when it is not the source, is the one that was seen before, is marked as a restore target or
    named by the operator, and is not protected (or lifting the protection is allowed). Otherwise it fails and says why,
    and nothing was changed.
  - Starts a stopped cluster, takes the final snapshot and waits for it, deletes the readers, the writer and the
    cluster, and waits until it is gone.
  - A second run goes on where the first one ended. A cluster that is already being deleted is waited for. A restore
    that was never completed and that AWS gave up on (a terminal status) is deleted without a snapshot. What the
    operation itself has restored already is left alone.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  cluster_id:
    description: The cluster to delete.
    type: str
    required: true
  resource_id:
    description: The C(DbClusterResourceId) that the cluster must have. Left out, it is not compared.
    type: str
  source:
    description: The cluster that must never be deleted, the source of the restore.
    type: dict
    suboptions:
      account:
        description: Its account.
        type: str
      region:
        description: Its region.
        type: str
      cluster_id:
        description: Its identifier.
        type: str
      resource_id:
        description: Its C(DbClusterResourceId).
        type: str
  confirm:
    description: The identifier of the cluster once more. Needed when it does not carry the tag
      C(aurora-restore:target=true).
    type: str
  lift_deletion_protection:
    description: Whether deletion protection may be turned off. It is, after the final snapshot is available.
    type: bool
    default: false
  final_snapshot:
    description:
      - V(before) takes it before anything is deleted, and waits until it is available.
      - V(at_delete) leaves it to the deletion of the cluster, so that nothing written until then is lost. Should it
        fail, the members are gone already.
      - V(none) takes none. The data is lost.
    type: str
    choices: [before, at_delete, none]
    default: before
  final_snapshot_id:
    description: Its id. Left out, it is made of the cluster's and the operation's ids.
    type: str
  replacement:
    description:
      - What the cluster is to be restored from once it is gone. It is looked at before the final snapshot, and again
        right before the first call that destroys something. When it could not be restored, nothing is deleted.
    type: dict
    version_added: 0.2.0
    suboptions:
      snapshot_id:
        description: The id or ARN of the snapshot, one of the cluster's region. It must be available, and its key
          enabled.
        type: str
      kms_key_id:
        description: The key of the restored cluster, where it is not the snapshot's.
        type: str
attributes:
  check_mode:
    support: full
    details: All guards are checked.
  diff_mode:
    support: full
  idempotent:
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.assume_role
  - dbops.aurora_restore.attributes
  - dbops.aurora_restore.wait
  - dbops.aurora_restore.operation
"""

EXAMPLES = r"""
- name: Delete the staging cluster, with a final snapshot
  dbops.aurora_restore.cluster_delete:
    region: us-west-2
    cluster_id: shop-staging
    resource_id: "{{ staging.cluster.db_cluster_resource_id }}"
    source:
      region: us-east-1
      cluster_id: shop-production
    replacement:
      snapshot_id: "{{ copied.snapshot.db_cluster_snapshot_identifier }}"
"""

RETURN = r"""
cluster:
  description: The cluster as it was, or null when there was none.
  returned: always
  type: dict
action:
  description:
    - V(deleted), V(absent) when there was none, V(adopted) when it was already being deleted, V(planned) in check mode.
  returned: always
  type: str
final_snapshot_id:
  description: The id of the final snapshot (in check mode of the one that would be taken), or null.
  returned: always
  type: str
final_snapshot_arn:
  description: The ARN of the final snapshot, likewise.
  returned: always
  type: str
first_destructive_at:
  description: When the first call that destroys something was made, or null when none was made by this run, or an
    earlier attempt had already begun.
  returned: always
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import (
    Context,
    operation_spec,
    run,
    wait_spec,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import deleting, replacement
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import DeleteWish
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.naming import id_problem
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.waiting import describe_change

SOURCE_KEYS = ("account", "region", "cluster_id", "resource_id")


def body(context: Context) -> dict[str, Any]:
    params, session = context.params, Session.of(context)
    problem = id_problem(params["final_snapshot_id"]) if params["final_snapshot_id"] else None
    if problem:
        raise BadInput(f"final_snapshot_id {params['final_snapshot_id']} is not a valid id: {problem}")
    wish = DeleteWish(
        source=params["source"],
        confirm=params["confirm"],
        resource_id=params["resource_id"],
        lift_deletion_protection=params["lift_deletion_protection"],
        final_snapshot=params["final_snapshot"],
        operation_id=session.operation_id,
    )
    outcome = deleting.delete(
        session, params["cluster_id"], wish, params["final_snapshot_id"], last_look(context, session)
    )
    context.journal.result({"action": outcome.action})
    return {
        "changed": outcome.changed,
        "action": outcome.action,
        "cluster": outcome.cluster.to_result() if outcome.cluster else None,
        "final_snapshot_id": outcome.final_snapshot_id,
        "final_snapshot_arn": outcome.final_snapshot_arn,
        "first_destructive_at": outcome.first_destructive_at,
        "diff": describe_change(shown(outcome.cluster), {}),
    }


def shown(cluster: Cluster | None) -> dict[str, Any]:
    """What is destroyed, as it stands in a diff."""
    if cluster is None:
        return {}
    return {
        "db_cluster_identifier": cluster.id,
        "db_cluster_resource_id": cluster.resource_id,
        "status": cluster.status,
        "deletion_protection": cluster.deletion_protection,
        "instances": [item.id for item in cluster.instances],
    }


def last_look(context: Context, session: Session) -> Callable[[], None]:
    """The check of what is to replace the cluster; without any, nothing is looked at."""
    if not context.params["replacement"]:
        return lambda: None
    kms, wanted = context.client("kms"), replacement.Replacement(**context.params["replacement"])
    return lambda: replacement.check(session, kms, wanted)


def main() -> None:
    run(
        {
            "cluster_id": {"type": "str", "required": True},
            "resource_id": {"type": "str"},
            "source": {"type": "dict", "options": {key: {"type": "str"} for key in SOURCE_KEYS}},
            "confirm": {"type": "str"},
            "lift_deletion_protection": {"type": "bool", "default": False},
            "final_snapshot": {"type": "str", "choices": ["before", "at_delete", "none"], "default": "before"},
            "final_snapshot_id": {"type": "str"},
            "replacement": {
                "type": "dict",
                "options": {"snapshot_id": {"type": "str"}, "kms_key_id": {"type": "str"}},
            },
            **wait_spec(7200),
            **operation_spec(),
        },
        body,
    )


if __name__ == "__main__":
    main()
