# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""RDS's refusals: codes with and without ``Fault`` as the API has them, and messages as they were seen.

The HTTP status of a code comes from botocore's model; codes that are common to all services have 400.
"""

from __future__ import annotations

from moto.rds.exceptions import RDSClientError

from sandbox.error_codes import status_of


class RdsError(RDSClientError):
    """An error answer of RDS.

    :raises ValueError: RDS has no such code.
    """

    def __init__(self, code: str, message: str) -> None:
        if status_of(code) is None:
            raise ValueError(f"RDS has no error code {code}.")
        super().__init__(code, message)


def invalid_value(message: str) -> RdsError:
    return RdsError("InvalidParameterValue", message)


def invalid_combination(message: str) -> RdsError:
    return RdsError("InvalidParameterCombination", message)


def blank_parameter(name: str) -> RdsError:
    return invalid_value(f"The parameter {name} must be provided and must not be blank.")


def missing_parameter(name: str) -> RdsError:
    return RdsError("MissingParameter", f"The request must contain the parameter {name}.")


def cluster_not_found(cluster_id: str) -> RdsError:
    return RdsError("DBClusterNotFoundFault", f"DBCluster {cluster_id} not found.")


def cluster_exists() -> RdsError:
    return RdsError("DBClusterAlreadyExistsFault", "DB Cluster already exists")


def cluster_state(message: str) -> RdsError:
    return RdsError("InvalidDBClusterStateFault", message)


def cluster_not_available(cluster_id: str) -> RdsError:
    return cluster_state(f"DBCluster {cluster_id} is not currently in the available state.")


def instance_not_found(instance_id: str) -> RdsError:
    return RdsError("DBInstanceNotFound", f"DBInstance {instance_id} not found.")


def instance_exists() -> RdsError:
    return RdsError("DBInstanceAlreadyExists", "DB instance already exists")


def instance_state(message: str) -> RdsError:
    return RdsError("InvalidDBInstanceState", message)


def snapshot_not_found(snapshot_id: str) -> RdsError:
    return RdsError("DBClusterSnapshotNotFoundFault", f"DBClusterSnapshot not found: {snapshot_id}")


def snapshot_exists(snapshot_id: str) -> RdsError:
    return RdsError(
        "DBClusterSnapshotAlreadyExistsFault",
        f"Cannot create the cluster snapshot because one with the identifier {snapshot_id} already exists.",
    )


def snapshot_state(message: str) -> RdsError:
    return RdsError("InvalidDBClusterSnapshotStateFault", message)


def key_not_accessible(what: str, key: str) -> RdsError:
    """what: "The source snapshot KMS key", "The target KMS key", "Specified KMS key" as in AWS's messages."""
    return RdsError(
        "KMSKeyNotAccessibleFault",
        f"{what} [{key}] does not exist, is not enabled or you do not have permissions to access it.",
    )
