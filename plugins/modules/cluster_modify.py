# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_modify
short_description: Change protection, master password, retention and windows of an Aurora cluster
version_added: 0.1.0
description:
  - Sets what differs, at once and not in the next maintenance window, and waits until the cluster is available and
    nothing is pending.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  cluster_id:
    description: The identifier of the cluster.
    type: str
    required: true
  resource_id:
    description: The C(DbClusterResourceId) that the cluster must have. Left out, it is not compared.
    type: str
  deletion_protection:
    description: Whether the cluster is protected against deletion.
    type: bool
  master_user_secret_id:
    description:
      - The secret, in the module's region, that holds C(username) and C(password) of the master user, as a JSON object.
        The module reads it itself and sets the password.
      - AWS does not tell whether a password is set already, so this always counts as a change.
    type: str
  master_user_secret_stage:
    description: Which version of the secret. V(AWSPENDING) is that of an unfinished rotation.
    type: str
    choices: [AWSCURRENT, AWSPENDING, AWSPREVIOUS]
    default: AWSCURRENT
    version_added: 0.2.0
  backup_retention_period:
    description: How many days automated backups are kept.
    type: int
  preferred_backup_window:
    description: The daily backup window in UTC, as V(02:00-02:30).
    type: str
  preferred_maintenance_window:
    description: The weekly maintenance window in UTC, as V(sun:05:00-sun:05:30).
    type: str
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details: Not with O(master_user_secret_id), since AWS does not tell a password.
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
- name: Protect the cluster, and keep backups for a week
  dbops.aurora_restore.cluster_modify:
    region: us-west-2
    cluster_id: shop-staging
    deletion_protection: true
    backup_retention_period: 7

- name: Set the master password
  dbops.aurora_restore.cluster_modify:
    region: us-west-2
    cluster_id: shop-staging
    master_user_secret_id: shop/staging/master
"""

RETURN = r"""
cluster:
  description: The cluster with its C(instances); in check mode as it would be.
  returned: always
  type: dict
changes:
  description: The names of what was changed, or would be.
  returned: always
  type: list
  elements: str
  sample: [DeletionProtection]
"""

from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Refused
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import (
    Context,
    operation_spec,
    run,
    wait_spec,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import modifying, parameters
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.waiting import describe_change
from ansible_collections.dbops.aurora_restore.plugins.module_utils._secrets import CURRENT, STAGES

SETTINGS = (
    "deletion_protection",
    "backup_retention_period",
    "preferred_backup_window",
    "preferred_maintenance_window",
)


def body(context: Context) -> dict[str, Any]:
    params, session = context.params, Session.of(context)
    cluster = modifying.existing_cluster(session, params["cluster_id"])
    if params["resource_id"] and params["resource_id"] != cluster.resource_id:
        raise Refused(
            f"Cluster {cluster.id} has the resource id {cluster.resource_id}, not {params['resource_id']}",
            resource=cluster.id,
            hint="Somebody replaced it meanwhile: find out who did. Nothing was changed.",
        )
    wanted = {key: params[key] for key in SETTINGS}
    password = None
    if params["master_user_secret_id"]:
        secret_id = params["master_user_secret_id"]
        password = modifying.read_master_password(
            context.client("secretsmanager"),
            secret_id,
            cluster.engine,
            cluster.master_username,
            params["master_user_secret_stage"],
        )
        context.no_log(password)
    changes = parameters.modify_parameters(cluster, wanted)
    after = modifying.modify(session, cluster, wanted, password) or cluster
    names = sorted(changes) + (["MasterUserPassword"] if password else [])
    # A password shows nowhere: all that can be said is where the new one comes from.
    new_password = {"master_password_of": params["master_user_secret_id"]} if password else {}
    return {
        "changed": bool(names),
        "changes": names,
        "cluster": after.to_result(),
        "diff": describe_change(settings_of(cluster), {**settings_of(after), **new_password}),
    }


def settings_of(cluster: Cluster) -> dict[str, Any]:
    """What this module sets, as the cluster has it."""
    return {key: cluster.boto.get(parameters.MODIFIABLE[key][1]) for key in SETTINGS}


def main() -> None:
    run(
        {
            "cluster_id": {"type": "str", "required": True},
            "resource_id": {"type": "str"},
            "deletion_protection": {"type": "bool"},
            "master_user_secret_id": {"type": "str", "no_log": False},
            "master_user_secret_stage": {"type": "str", "choices": list(STAGES), "default": CURRENT, "no_log": False},
            "backup_retention_period": {"type": "int"},
            "preferred_backup_window": {"type": "str"},
            "preferred_maintenance_window": {"type": "str"},
            **wait_spec(7200),
            **operation_spec(),
        },
        body,
        required_one_of=[("master_user_secret_id", *SETTINGS)],
    )


if __name__ == "__main__":
    main()
