# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changing a cluster, and waiting until the change is in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError, BadInput, NotFound
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Look, done, pending
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api, parameters, planning, waiting
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import CLUSTER_STOPPED, DELETING
from ansible_collections.dbops.aurora_restore.plugins.module_utils._secrets import (
    CURRENT,
    MASTER_KEYS,
    read_secret,
    validate_master_password,
)

# A new password shows nowhere, and the status follows the call with a lag: available counts as done only after the
# status has been seen to move, or after two polls and at most a minute (CloudFormation waits that long).
LONGEST_SETTLE = 60.0


def existing_cluster(session: Session, cluster_id: str) -> Cluster:
    """The cluster; :raises NotFound: there is none."""
    cluster = session.cluster(cluster_id)
    if cluster is None:
        raise NotFound(f"Cluster {cluster_id} does not exist in {session.region}", resource=cluster_id)
    return cluster


def read_master_password(
    client: Client, secret_id: str, engine: str, master_username: str | None, stage: str = CURRENT
) -> str:
    """The master password out of a secret's stage with username and password; client is one of secretsmanager.

    :raises BadInput: RDS would refuse it, or it is another user's (the master's name can't be changed).
    """
    secret = read_secret(client, secret_id, MASTER_KEYS, stage)
    if master_username and secret["username"] != master_username:
        raise BadInput(
            f"The secret {secret_id} is for user {secret['username']}, but the master user is {master_username}, which "
            "can't be changed",
            resource=secret_id,
            hint="Set its username to the master user of the source.",
        )
    reasons = validate_master_password(secret["password"], engine)
    if reasons:
        raise BadInput(
            f"RDS would refuse the password in the secret {secret_id}: {', '.join(reasons)}",
            resource=secret_id,
            hint="Put another password into the secret.",
        )
    return secret["password"]


def modify(
    session: Session, cluster: Cluster, wanted: Mapping[str, Any], password: str | None = None
) -> Cluster | None:
    """Set what differs from the wanted configuration (keys as in parameters.MODIFIABLE), and the master password.

    :return: the cluster afterwards (in check mode as it would be), or None when there was nothing to change.
    """
    changes = parameters.modify_parameters(cluster, wanted)
    if not changes and password is None:
        return None
    if cluster.status in CLUSTER_STOPPED:
        raise BadInput(f"Cluster {cluster.id} is stopped and can't be changed", resource=cluster.id, hint="Start it.")
    if cluster.status == DELETING:
        raise NotFound(
            f"Cluster {cluster.id} is being deleted and can't be changed",
            resource=cluster.id,
            hint="Wait until it is gone; a restore makes it anew.",
        )
    if session.check:
        waiting.raise_if_terminal(session.client, cluster)
        return planning.modified(cluster, wanted)
    _send(session, cluster, changes, password)
    if not session.wait:
        return session.cluster(cluster.id)
    return _wait_in_force(session, cluster, wanted, password is not None)


def _send(session: Session, cluster: Cluster, changes: Mapping[str, Any], password: str | None) -> None:
    """Make the call once the cluster takes it; a cluster that is just changing refuses."""
    lifting = changes.get("DeletionProtection") is False
    recorded = {**changes, **({"MasterUserPassword": "set"} if password is not None else {})}
    secret = {"MasterUserPassword": password} if password is not None else {}

    def look() -> Look[bool]:
        try:
            with session.journal.call("ModifyDBCluster", cluster.id, recorded):
                api.modify_cluster(
                    session.once if lifting else session.client,
                    DBClusterIdentifier=cluster.id,
                    ApplyImmediately=True,
                    **changes,
                    **secret,
                )
        except AwsError as error:
            if error.code == "InvalidDBClusterStateFault":
                waiting.raise_if_terminal(session.client, existing_cluster(session, cluster.id))
                return pending(f"not modifiable yet: {error.aws_message}")
            raise
        return done(True)

    session.poller.until("the change to be accepted", cluster.id, look)


def _wait_in_force(session: Session, cluster: Cluster, wanted: Mapping[str, Any], password: bool) -> Cluster:
    clock = session.poller.clock
    settled_at = clock.monotonic() + (min(2 * session.poller.interval, LONGEST_SETTLE) if password else 0)
    moved = False

    def ready(found: Cluster) -> str | None:
        open_changes = parameters.modify_parameters(found, wanted)
        if open_changes:
            return "not yet changed: " + ", ".join(sorted(open_changes))
        return None if moved or clock.monotonic() >= settled_at else "waiting for the status to follow the call"

    def watched() -> Look[Cluster]:
        nonlocal moved
        found = existing_cluster(session, cluster.id)
        waiting.raise_if_terminal(session.client, found)
        if found.status != "available" or found.pending:
            moved = True
            return pending(found.status if found.status != "available" else str(waiting.not_settled(found)))
        missing = ready(found)
        return pending(f"available, {missing}") if missing else done(found, "available")

    return session.poller.until("the change to be in force", cluster.id, watched)
