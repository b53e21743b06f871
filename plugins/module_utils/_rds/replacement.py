# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The last look before a cluster is destroyed: can what is to replace it still be restored?

Hours may have passed since the plan was checked: the copy took its time, and so did the final snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError, Refused
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Look, done
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import key_problem
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Snapshot
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import AVAILABLE


@dataclass(frozen=True)
class Replacement:
    """What a cluster is to be restored from once it is gone.

    :param snapshot_id: id or ARN of a snapshot in the cluster's region; None where there is nothing to look at yet.
    :param kms_key_id: the key that the restored cluster will have, where it is not the snapshot's.
    """

    snapshot_id: str | None = None
    kms_key_id: str | None = None


def check(session: Session, kms: Client, wanted: Replacement) -> None:
    """:raises Refused: the snapshot or a key that the restore needs is not usable (any more); nothing was deleted."""
    session.poller.until("a look at", wanted.snapshot_id or "the replacement", lambda: _look(session, kms, wanted))


def _look(session: Session, kms: Client, wanted: Replacement) -> Look[bool]:
    snapshot = session.snapshot(wanted.snapshot_id) if wanted.snapshot_id else None
    needed = [wanted.kms_key_id, snapshot.kms_key_id if snapshot else None]
    keys = {key: _metadata(kms, key) for key in dict.fromkeys(needed) if key}
    found = problems(wanted, snapshot, keys, session.region)
    if found:
        raise Refused(
            " ".join(found),
            resource=wanted.snapshot_id or wanted.kms_key_id,
            hint="No cluster was deleted, since it could not be restored: mend that, then run the same command again.",
        )
    return done(True)


def _metadata(kms: Client, key_id: str) -> Mapping[str, Any] | None:
    try:
        return api.describe_key(kms, key_id)
    except AwsError as error:
        if error.code in ("NotFoundException", "InvalidArnException"):
            return None
        raise


def problems(
    wanted: Replacement, snapshot: Snapshot | None, keys: Mapping[str, Mapping[str, Any] | None], region: str
) -> list[str]:
    """Why a restore could not succeed, as sentences. Pure.

    :param keys: the KeyMetadata of every key that it needs, None for one that does not exist.
    """
    found = []
    if wanted.snapshot_id and snapshot is None:
        found.append(
            f"Snapshot {wanted.snapshot_id}, from which the cluster is to be restored, does not exist any more."
        )
    elif snapshot is not None and snapshot.status != AVAILABLE:
        found.append(
            f"Snapshot {snapshot.id}, from which the cluster is to be restored, is {snapshot.status}, not available."
        )
    for key, metadata in keys.items():
        if metadata is None:
            found.append(f"KMS key {key}, which the restored cluster needs, does not exist.")
        elif problem := key_problem(metadata, region):
            found.append(problem)
    return found
