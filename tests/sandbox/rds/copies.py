# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CopyDBClusterSnapshot: within a region or from another, re-encrypted."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from sandbox.rds import quotas, references, rules
from sandbox.rds.errors import invalid_combination, invalid_value, snapshot_exists, snapshot_state
from sandbox.rds.models import ClusterSnapshot
from sandbox.rds.runtime import Part
from sandbox.rds.sharing import check_key_is_shared

# Seconds between a queued copy's looks at whether it is its turn.
QUEUE_LOOK = 0.2
SCOPE = re.compile(r"X-Amz-Credential=[^/&]+/\d{8}/([^/&]+)/rds/")


class CopyActions(Part):
    """Part of the backend."""

    def copy_db_cluster_snapshot(
        self, source_db_cluster_snapshot_identifier: str, target_db_cluster_snapshot_identifier: str,
        kms_key_id: str | None = None, copy_tags: bool = False, tags: list[dict[str, str]] | None = None,
        pre_signed_url: str | None = None, **others: Any,
    ) -> Any:  # fmt: skip
        source = self.find_snapshot(source_db_cluster_snapshot_identifier)
        if not isinstance(source, ClusterSnapshot):
            return super().copy_db_cluster_snapshot(
                source_db_cluster_snapshot_identifier, target_db_cluster_snapshot_identifier, kms_key_id, copy_tags,
                tags, **others,
            )  # fmt: skip
        name = rules.check_name(target_db_cluster_snapshot_identifier, "TargetDBClusterSnapshotIdentifier")
        if name in self.cluster_snapshots:
            raise snapshot_exists(name)
        if source.status != "available":
            raise snapshot_state(
                f"The source snapshot {source.resource_id} is in the {source.status} state, not available."
            )
        self._check_route(source)
        key = self._copy_key(source, kms_key_id, pre_signed_url)
        quotas.check_manual_snapshots(self.runtime.limits, self.manual_count())
        if source.region != self.region_name:
            quotas.check_copies(self.runtime.limits, len(self._being_copied()))
        given = rules.check_tags(tags)
        if copy_tags and not given:
            given = [tag for tag in source.tags if not tag["Key"].startswith(("aws:", "rds:"))]
        copy = ClusterSnapshot(self, self.runtime, source.cluster, name, tags=given, kms_key_id=key, source=source)
        copy.status, copy.fate = "copying", self.runtime.faults.fate("snapshot")
        self.cluster_snapshots[name] = copy
        self._copy_in_turn(source, copy)
        return copy

    def _copy_in_turn(self, source: ClusterSnapshot, copy: ClusterSnapshot) -> None:
        """Copies of one snapshot from another region wait for each other, without progress."""
        if self.cluster_snapshots.get(copy.resource_id) is not copy:
            return  # cancelled meanwhile
        if copy.is_copy_across_regions and any(
            item.source_db_cluster_snapshot_arn == source.arn and item.transition is not None
            for item in self._being_copied()
        ):
            name = f"queued copy {copy.resource_id}"
            self.runtime.scheduler.begin(name, QUEUE_LOOK, lambda: self._copy_in_turn(source, copy))
            return
        # The source's lane: the source is not removed before it is read.
        self.fill(
            copy, self.runtime.durations.snapshot_copy,
            lambda: self.runtime.data.copy_snapshot(source.data_key, copy.data_key), lane=source.data_key,
        )  # fmt: skip

    def _being_copied(self) -> list[ClusterSnapshot]:
        """The copies from other regions that are in progress here, queued ones too."""
        return [
            item
            for item in self.cluster_snapshots.values()
            if isinstance(item, ClusterSnapshot) and item.status == "copying" and item.is_copy_across_regions
        ]

    def _check_route(self, source: ClusterSnapshot) -> None:
        """The user guide on copies of shared snapshots: within their region, then to another. (A newer page and the
        API's model allow both in one step.)"""
        if source.account_id != self.account_id and source.region != self.region_name:
            raise invalid_value(
                "A snapshot that another account shares can't be copied across regions: copy it within its region "
                "first."
            )

    def _copy_key(self, source: ClusterSnapshot, wanted: str | None, pre_signed_url: str | None) -> str | None:
        """The ARN of the copy's key, or None for a plain copy."""
        here = (self.account_id, self.region_name)
        if source.kms_key_id is None:
            # Sources under the AWS-owned default encryption (sse-rds) may be given a key.
            return references.usable_key(*here, wanted, "The target KMS key") if wanted else None
        references.usable_key(source.account_id, source.region, source.kms_key_id, "The source snapshot KMS key")
        check_key_is_shared(source, self.account_id)
        if source.account_id != self.account_id and not wanted:
            raise invalid_value("Must specify new KMS key for the copy of an encrypted snapshot of another account.")
        if source.region != self.region_name:
            if not wanted:
                raise invalid_value("Must specify new KMS key for cross region encrypted snapshot copy.")
            self._check_presigned(source, pre_signed_url)
        return references.usable_key(*here, wanted or source.kms_key_id, "The target KMS key")

    def _check_presigned(self, source: ClusterSnapshot, pre_signed_url: str | None) -> None:
        """boto3 makes it from SourceRegion, which itself never goes on the wire."""
        if not pre_signed_url:
            raise invalid_combination("PreSignedUrl must be specified for a cross region encrypted snapshot copy.")
        scope = SCOPE.search(unquote(pre_signed_url))
        if not scope or scope[1] != source.region:
            raise invalid_value("PreSignedUrl could not be authenticated.")
