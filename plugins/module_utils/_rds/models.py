# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the collection knows about clusters, instances and cluster snapshots: from boto, to module results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import (
    boto3_tag_list_to_ansible_dict,
    camel_dict_to_snake_dict,
)

TAG_TARGET = "aurora-restore:target"
TAG_OPERATION = "aurora-restore:operation-id"
TAG_SOURCE_ARN = "aurora-restore:source-snapshot-arn"
TAG_SOURCE_TIME = "aurora-restore:source-snapshot-time"
# Set last: tells a cluster whose restore got to its end (master password included) from one to be carried on.
TAG_RESTORED = "aurora-restore:restored"
OWN_TAG_PREFIX = "aurora-restore:"
RESERVED_TAG_PREFIXES = ("aws:", "rds:")

Result = dict[str, Any]


def to_iso(moment: datetime) -> str:
    """2026-03-01T02:00:00Z, whole seconds, UTC."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(text: str) -> datetime:
    """The moment of an ISO 8601 text; without a zone it is UTC.

    :raises ValueError: not such a text.
    """
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def plain(value: Any) -> Any:
    """A boto value made of JSON types only: times become ISO texts."""
    if isinstance(value, datetime):
        return to_iso(value)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def to_result(boto: Mapping[str, Any]) -> Result:
    """A boto structure as module result: snake_case keys, tags as a dict, times as ISO texts."""
    values = {key: value for key, value in boto.items() if key not in ("TagList", "ResponseMetadata")}
    result: Result = camel_dict_to_snake_dict(plain(values))
    result["tags"] = tags_of(boto)
    return result


def tags_of(boto: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a boto structure as a dict."""
    return dict(boto3_tag_list_to_ansible_dict(boto.get("TagList") or []))


def foreign_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags that may be carried over to another resource: without those of AWS and of this collection."""
    skipped = (*RESERVED_TAG_PREFIXES, OWN_TAG_PREFIX)
    return {key: value for key, value in tags.items() if not key.startswith(skipped)}


@dataclass(frozen=True)
class Snapshot:
    """A cluster snapshot. ids are lower case; created_at is None while it is being created."""

    id: str
    arn: str
    cluster_id: str
    status: str
    type: str
    created_at: datetime | None = None
    engine: str = ""
    engine_version: str = ""
    encrypted: bool = False
    encryption_type: str = ""
    kms_key_id: str | None = None
    source_arn: str | None = None
    percent: int | None = None
    cluster_resource_id: str | None = None
    master_username: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    boto: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_boto(cls, boto: Mapping[str, Any]) -> Snapshot:
        return cls(
            id=str(boto["DBClusterSnapshotIdentifier"]).lower(),
            arn=str(boto["DBClusterSnapshotArn"]),
            cluster_id=str(boto.get("DBClusterIdentifier", "")).lower(),
            status=str(boto.get("Status", "")),
            type=str(boto.get("SnapshotType", "")),
            created_at=boto.get("SnapshotCreateTime"),
            engine=str(boto.get("Engine", "")),
            engine_version=str(boto.get("EngineVersion", "")),
            encrypted=bool(boto.get("StorageEncrypted")),
            encryption_type=str(boto.get("StorageEncryptionType", "")),
            kms_key_id=boto.get("KmsKeyId") or None,
            source_arn=boto.get("SourceDBClusterSnapshotArn") or None,
            percent=boto.get("PercentProgress"),
            cluster_resource_id=boto.get("DbClusterResourceId") or None,
            master_username=boto.get("MasterUsername") or None,
            tags=tags_of(boto),
            boto=boto,
        )

    @property
    def origin_arn(self) -> str:
        """The ARN of the snapshot whose data this is: of the source for a copy, else its own.

        Not from the tag: snapshots of a restored cluster inherit its tags, but hold their own data.
        """
        return self.source_arn or self.arn

    @property
    def origin_time(self) -> str | None:
        """When the data was captured, ISO; a copy's own create time says when it was copied, so that is in a tag."""
        if self.source_arn:
            return self.tags.get(TAG_SOURCE_TIME) if self.tags.get(TAG_SOURCE_ARN) == self.source_arn else None
        return to_iso(self.created_at) if self.created_at else None

    def to_result(self) -> Result:
        result = to_result(self.boto)
        result["source_snapshot_arn"] = self.origin_arn
        result["source_snapshot_time"] = self.origin_time
        return result


@dataclass(frozen=True)
class Instance:
    """A member of a cluster."""

    id: str
    arn: str
    status: str
    is_writer: bool
    instance_class: str
    pending: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    boto: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_boto(cls, boto: Mapping[str, Any], writer_id: str | None) -> Instance:
        instance_id = str(boto["DBInstanceIdentifier"]).lower()
        return cls(
            id=instance_id,
            arn=str(boto.get("DBInstanceArn", "")),
            status=str(boto.get("DBInstanceStatus", "")),
            is_writer=instance_id == writer_id,
            instance_class=str(boto.get("DBInstanceClass", "")),
            pending=without_empty(boto.get("PendingModifiedValues") or {}),
            tags=tags_of(boto),
            boto=boto,
        )

    def to_result(self) -> Result:
        return {**to_result(self.boto), "is_cluster_writer": self.is_writer}


@dataclass(frozen=True)
class Cluster:
    """A cluster with its members, the writer first. ids are lower case."""

    id: str
    arn: str
    resource_id: str
    status: str
    deletion_protection: bool = False
    endpoint: str | None = None
    port: int | None = None
    engine: str = ""
    engine_version: str = ""
    master_username: str | None = None
    pending: Mapping[str, Any] = field(default_factory=dict)
    global_cluster_id: str | None = None
    replication_source: str | None = None
    read_replicas: Sequence[str] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    instances: Sequence[Instance] = ()
    boto: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def from_boto(cls, boto: Mapping[str, Any], instances: Sequence[Mapping[str, Any]] = ()) -> Cluster:
        writer = next(
            (
                str(member["DBInstanceIdentifier"]).lower()
                for member in boto.get("DBClusterMembers") or []
                if member.get("IsClusterWriter")
            ),
            None,
        )
        members = sorted(
            (Instance.from_boto(item, writer) for item in instances), key=lambda item: (not item.is_writer, item.id)
        )
        return cls(
            id=str(boto["DBClusterIdentifier"]).lower(),
            arn=str(boto.get("DBClusterArn", "")),
            resource_id=str(boto.get("DbClusterResourceId", "")),
            status=str(boto.get("Status", "")),
            deletion_protection=bool(boto.get("DeletionProtection")),
            endpoint=boto.get("Endpoint") or None,
            port=boto.get("Port"),
            engine=str(boto.get("Engine", "")),
            engine_version=str(boto.get("EngineVersion", "")),
            master_username=boto.get("MasterUsername") or None,
            pending=without_empty(boto.get("PendingModifiedValues") or {}),
            global_cluster_id=boto.get("GlobalClusterIdentifier") or None,
            replication_source=boto.get("ReplicationSourceIdentifier") or None,
            read_replicas=tuple(boto.get("ReadReplicaIdentifiers") or ()),
            tags=tags_of(boto),
            instances=tuple(members),
            boto=boto,
        )

    @property
    def account(self) -> str:
        return arn_part(self.arn, 4)

    @property
    def region(self) -> str:
        return arn_part(self.arn, 3)

    @property
    def is_marked(self) -> bool:
        """Whether its tag says that it may be replaced."""
        return self.tags.get(TAG_TARGET, "").lower() == "true"

    def to_result(self) -> Result:
        result = to_result(self.boto)
        result["instances"] = [item.to_result() for item in self.instances]
        return result


def arn_part(arn: str, index: int) -> str:
    """A part of an ARN (3 region, 4 account), or an empty text."""
    parts = arn.split(":")
    return parts[index] if len(parts) > index else ""


def without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    """PendingModifiedValues without what says nothing: RDS and emulators also send empty structures."""
    kept = {key: without_empty(value) if isinstance(value, Mapping) else value for key, value in values.items()}
    return {key: value for key, value in kept.items() if value not in (None, "", [], {})}
