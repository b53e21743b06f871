# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which statuses of clusters, instances and snapshots mean that waiting is useless (Aurora user guide)."""

from __future__ import annotations

AVAILABLE = "available"
DELETING = "deleting"

CLUSTER_TERMINAL = frozenset(
    (
        "cloning-failed",
        "failed",
        "inaccessible-encryption-credentials",
        "inaccessible-encryption-credentials-recoverable",
        "incompatible-network",
        "incompatible-parameters",
        "incompatible-restore",
        "migration-failed",
        "restore-failed",
        "upgrade_failed",
    )
)
CLUSTER_STOPPED = frozenset(("stopped",))
INSTANCE_TERMINAL = frozenset(
    (
        "failed",
        "inaccessible-encryption-credentials",
        "inaccessible-encryption-credentials-recoverable",
        "incompatible-create",
        "incompatible-credentials",
        "incompatible-network",
        "incompatible-option-group",
        "incompatible-parameters",
        "incompatible-restore",
        "insufficient-capacity",
        "restore-error",
        "storage-full",
        "upgrade_failed",
    )
)
SNAPSHOT_IN_FLIGHT = frozenset(("creating", "copying"))
SNAPSHOT_TERMINAL = frozenset(("failed", "deleted", "deleting"))

CLUSTER_HINTS = {
    "inaccessible-encryption-credentials": "Its KMS key is disabled or gone: choose another key.",
    "inaccessible-encryption-credentials-recoverable": "Enable its KMS key again, then start the cluster.",
    "incompatible-network": "The subnets have too few free addresses, or the subnet group changed: repair the network.",
    "incompatible-parameters": "The parameter group does not fit the engine version or class: choose another.",
    "incompatible-restore": "The snapshot can't be restored with this configuration: check engine version and groups.",
}
