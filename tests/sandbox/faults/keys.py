# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that are disabled, and clusters that lose theirs."""

from __future__ import annotations

from sandbox.faults.engine import Attempt
from sandbox.faults.model import DisableKey, LosesKey


def disable(attempt: Attempt, effect: DisableKey) -> str | None:
    """Disable a key of the caller's account, as DisableKey does; a sentence if there is none."""
    from moto.kms.models import kms_backends

    region = effect.region or attempt.call.region
    name = effect.key.rpartition(":")[2].removeprefix("key/")
    try:
        kms_backends[attempt.account][region].disable_key(kms_backends[attempt.account][region].describe_key(name).id)
    except Exception:  # KeyError, or an error of KMS's own
        return f"There is no key {effect.key} in {region} of account {attempt.account}."
    return None


def lose(attempt: Attempt, effect: LosesKey) -> str | None:
    """Let the cluster that a call is about lose its key; a sentence if it is about none."""
    from moto.rds.models import rds_backends

    from sandbox.rds.backend import SandboxBackend
    from sandbox.rds.models import Cluster, Instance

    backend = rds_backends[attempt.account][attempt.call.region]
    name, member = (
        str(attempt.call.parameters.get(key) or "").rpartition(":")[2].lower()
        for key in ("DBClusterIdentifier", "DBInstanceIdentifier")
    )
    with SandboxBackend.runtime.lock:
        instance = backend.databases.get(member)
        cluster = instance.cluster if isinstance(instance, Instance) else backend.clusters.get(name)
        if not isinstance(cluster, Cluster):
            return f"{attempt.call.action} is about no Aurora cluster that there is."
        backend.lose_key(cluster, effect.status, effect.after_seconds)
    return None
