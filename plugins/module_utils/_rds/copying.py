# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Copying a cluster snapshot into the session's region, re-encrypted: reuse, adopt, or copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    BadInput,
    Conflict,
    NotFound,
    RestoreError,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Look, done, pending
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api, naming, parameters, waiting
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import key_problem
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Result, Snapshot, arn_part
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import AVAILABLE, SNAPSHOT_IN_FLIGHT

FAILED_HINT = "Run the same command again: it deletes the failed copy and copies anew."


@dataclass(frozen=True)
class CopyWish:
    """What is wanted.

    :param source: the source snapshot, as described in its own region.
    :param kms_key_arn: the ARN of the key in the target region, or None.
    :param snapshot_id: the id of the copy, or None for the naming rule.
    """

    source: Snapshot
    kms_key_arn: str | None = None
    snapshot_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def source_region(self) -> str:
        return arn_part(self.source.arn, 3)

    @property
    def copy_key(self) -> str | None:
        """The key the copy itself gets; None for a plain source, which gets its key at restore."""
        return parameters.copy_key(self.source, self.kms_key_arn)

    @property
    def id(self) -> str:
        if self.snapshot_id:
            return self.snapshot_id.lower()
        created = self.source.created_at
        if created is None:
            raise BadInput(
                f"Snapshot {self.source.id} is still being created",
                resource=self.source.arn,
                hint="Wait until it is available, or choose another one.",
            )
        return naming.copy_id(self.source.cluster_id, created, self.source.arn, self.copy_key)


@dataclass(frozen=True)
class Outcome:
    """What was done: source, reused, adopted, copied or planned; the snapshot after, as it is or will be.

    before: the snapshot that had the name or was used, None where there was none.
    """

    action: str
    snapshot: Result
    changed: bool = False
    before: Result | None = None


def checked_source(source_client: Client, arn: str) -> Snapshot:
    """The source snapshot, described where it is.

    :raises NotFound: it does not exist. :raises RestoreError: it is not available.
    """
    found = api.find_snapshot(source_client, arn)
    if found is None:
        raise NotFound(
            f"Snapshot {arn} does not exist", resource=arn, hint="Choose another one (aurora_restore_snapshot_id)."
        )
    snapshot = Snapshot.from_boto(found)
    if snapshot.status != AVAILABLE or snapshot.created_at is None:
        raise RestoreError(
            f"Snapshot {snapshot.id} can't be copied, its status is {snapshot.status}",
            resource=arn,
            hint="Choose another one, or wait until it is available.",
        )
    return snapshot


def resolved_key(kms_client: Client, key_id: str | None, region: str) -> str | None:
    """The ARN of a key given as id, ARN or alias.

    :raises BadInput: it does not exist or can't encrypt in that region.
    """
    if not key_id:
        return None
    try:
        metadata = api.describe_key(kms_client, key_id)
    except AwsError as error:
        if error.code in ("NotFoundException", "InvalidArnException"):
            where = arn_part(key_id, 3)
            other = f"; it is one of {where}" if where and where != region else ""
            raise BadInput(
                f"KMS key {key_id} does not exist in {region}{other}",
                resource=key_id,
                code=error.code,
                hint=f"Set aurora_restore_kms_key_id to a key of {region}.",
            ) from error
        raise
    problem = key_problem(metadata, region)
    if problem:
        raise BadInput(problem, resource=key_id, hint="The variable is aurora_restore_kms_key_id.")
    return str(metadata["Arn"])


def copy(session: Session, wish: CopyWish) -> Outcome:
    """Make sure that a copy of the source under the wanted key is in the session's region."""
    if _needs_no_copy(session, wish):
        return Outcome("source", wish.source.to_result(), before=wish.source.to_result())
    if wish.source.encrypted and not wish.copy_key and wish.source_region != session.region:
        raise BadInput(
            f"Snapshot {wish.source.id} is encrypted, so its copy in {session.region} needs a KMS key of that region",
            resource=wish.source.arn,
            hint="Set kms_key_id (aurora_restore_kms_key_id).",
        )
    present = [Snapshot.from_boto(item) for item in api.describe_snapshots(session.client, snapshot_type="manual")]
    existing = matching_copy(present, wish)
    if existing is None:
        return _copy_anew(session, wish, _in_the_way(present, wish))
    before = existing.to_result()
    if existing.status == AVAILABLE:
        return Outcome("reused", before, before=before)
    return replace(_adopt(session, existing.id, before), before=before)


def _needs_no_copy(session: Session, wish: CopyWish) -> bool:
    """A snapshot of the region under the wanted key can be restored as it is."""
    same_key = wish.copy_key is None or wish.copy_key == wish.source.kms_key_id
    return wish.source_region == session.region and same_key and not wish.snapshot_id


def matching_copy(present: Sequence[Snapshot], wish: CopyWish) -> Snapshot | None:
    """The copy to use: of the same source under the same key, whatever its name; available before in flight.

    With an explicit snapshot_id only that one counts.
    """
    usable = [
        item
        for item in present
        if same_origin(item, wish)
        and (item.status == AVAILABLE or item.status in SNAPSHOT_IN_FLIGHT)
        and (not wish.snapshot_id or item.id == wish.id)
    ]
    return min(usable, key=lambda item: (item.status != AVAILABLE, item.id != wish.id, item.id), default=None)


def same_origin(snapshot: Snapshot, wish: CopyWish) -> bool:
    """Whether a snapshot is a copy of the wanted source under the wanted key."""
    return snapshot.source_arn == wish.source.arn and (
        wish.copy_key is None or (snapshot.kms_key_id or "").lower() == wish.copy_key.lower()
    )


def _in_the_way(present: Sequence[Snapshot], wish: CopyWish) -> Snapshot | None:
    """The failed copy of ours under the wanted name, or None.

    :raises Conflict: another snapshot has the name.
    """
    named = next((item for item in present if item.id == wish.id), None)
    if named is None:
        return None
    if not same_origin(named, wish):
        raise Conflict(
            f"Snapshot {named.id} already exists, but it is "
            + (f"a copy of {named.source_arn}" if named.source_arn else f"a snapshot of cluster {named.cluster_id}")
            + (f" under key {named.kms_key_id}" if named.source_arn == wish.source.arn else ""),
            resource=named.id,
            hint="Delete it, or give another snapshot_id.",
        )
    return named


def _copy_anew(session: Session, wish: CopyWish, failed: Snapshot | None) -> Outcome:
    tags = parameters.copy_tags(wish.source, wish.tags, session.operation_id)
    before = failed.to_result() if failed else None
    if session.check:
        return Outcome("planned", planned_copy(wish, session.region, tags), True, before)
    if failed is not None:
        _delete_failed(session, failed)
    source_region = wish.source_region if wish.source_region != session.region else None
    call = parameters.copy_snapshot_parameters(wish.source, wish.id, wish.copy_key, source_region, tags)
    action = session.poller.until("a free slot for the copy", wish.id, lambda: _start(session, wish, call))
    return replace(_finish(session, wish.id, action), before=before)


def _start(session: Session, wish: CopyWish, call: Mapping[str, Any]) -> Look[str]:
    """One attempt to start the copy; pending while all slots for cross-region copies are taken."""
    known = {key: call[key] for key in call if key != "Tags"}
    try:
        with session.journal.call("CopyDBClusterSnapshot", wish.id, known):
            api.copy_snapshot(session.client, **call)
    except AwsError as error:
        if error.code == "SnapshotQuotaExceeded" and is_slot_shortage(error.aws_message):
            return pending("waiting for a slot: AWS makes only a few copies across regions at a time")
        if error.code == "DBClusterSnapshotAlreadyExistsFault":
            # Our own call whose answer was lost, or another operation's that shares the copy: provenance decides.
            named = session.snapshot(wish.id)
            _in_the_way([named] if named else [], wish)
            return done("adopted")
        raise explained(error) from error
    return done("copied")


def is_slot_shortage(message: str) -> bool:
    """Whether SnapshotQuotaExceeded is about copies in progress (passes by itself) or about snapshots kept."""
    text = message.lower()
    return "across regions" in text or "cross-region" in text or "in progress" in text


def explained(error: AwsError) -> AwsError:
    """The same error with what the operator can do about it."""
    if error.code == "SnapshotQuotaExceeded":
        error.hint = "Delete manual cluster snapshots that are no longer needed, or ask AWS for a higher quota."
    elif error.code == "KMSKeyNotAccessibleFault":
        error.hint = (
            "Check that the key is enabled and that the caller may use it: kms:DescribeKey and kms:CreateGrant on the "
            "target key, and on the source's key in its own region. A snapshot under another account's aws/rds key "
            "can't be copied: copy it there under a customer key first."
        )
    elif error.code == "InvalidDBClusterSnapshotStateFault":
        error.hint = "The source snapshot is not available (any more): choose another one."
    elif "PreSignedUrl" in error.aws_message:
        error.hint = "The credentials must be allowed rds:CopyDBClusterSnapshot in the source region as well."
    return error


def _adopt(session: Session, snapshot_id: str, before: Result) -> Outcome:
    """Wait for a copy that is being made; in check mode it counts as made, as far as the run would wait for it."""
    if session.check and session.wait:
        made = {**before, "status": AVAILABLE, "percent_progress": 100, "planned": True}
        return Outcome("adopted", made, changed=True)
    return _finish(session, snapshot_id, "adopted")


def _finish(session: Session, snapshot_id: str, action: str) -> Outcome:
    if session.wait:
        snapshot = waiting.snapshot_available(session, snapshot_id, FAILED_HINT)
        return Outcome(action, snapshot.to_result(), changed=True)
    found = session.snapshot(snapshot_id)
    return Outcome(
        action, found.to_result() if found else {"db_cluster_snapshot_identifier": snapshot_id}, changed=True
    )


def _delete_failed(session: Session, failed: Snapshot) -> None:
    """Delete our own failed copy, and wait until its name is free."""

    def look() -> Look[bool]:
        snapshot = session.snapshot(failed.id)
        if snapshot is None:
            return done(True)
        if snapshot.status == "failed":
            with session.journal.call("DeleteDBClusterSnapshot", failed.id):
                api.delete_snapshot(session.once, failed.id)
        return pending(snapshot.status)

    session.poller.until("deletion of the failed copy", failed.id, look)


def planned_copy(wish: CopyWish, region: str, tags: Mapping[str, str]) -> Result:
    """What the copy will look like; for check mode."""
    source = wish.source
    arn = source.arn.split(":")
    # A snapshot that another account shares is copied into one's own, as the key is.
    arn[3], arn[4], arn[6:] = region, arn_part(wish.kms_key_arn or "", 4) or arn[4], [wish.id]
    return {
        **{key: value for key, value in source.to_result().items() if key not in ("availability_zones", "vpc_id")},
        "db_cluster_snapshot_identifier": wish.id,
        "db_cluster_snapshot_arn": ":".join(arn),
        "source_db_cluster_snapshot_arn": source.arn,
        "source_snapshot_arn": source.arn,
        "source_snapshot_time": source.origin_time,
        "snapshot_type": "manual",
        "status": "planned",
        "percent_progress": 0,
        "kms_key_id": wish.copy_key,
        "tags": dict(tags),
        "planned": True,
    }
