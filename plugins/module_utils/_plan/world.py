# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a restore is asked for, and what was read of the world: plain data that checks and the plan work on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import RestoreError, RunnerGone
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.selection import Wish as SnapshotWish

T = TypeVar("T")

Boto = Mapping[str, Any]


@dataclass(frozen=True)
class Resumed:
    """What the earlier attempts of a resumed operation recorded.

    :param snapshot: the snapshot that they pinned.
    :param replaced: once the target began to be removed: ``resource_id`` of the cluster that it was (None: there was
        none).
    :param steps: step to its ``status``, ``attempt`` and ``result``.
    :param attempt: which one this is.
    :param begun: whether they have made, or announced, a call that changes AWS.
    """

    snapshot: Mapping[str, Any] | None = None
    replaced: Mapping[str, Any] | None = None
    steps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    attempt: int = 1
    begun: bool = False

    def status(self, step: str) -> str | None:
        return (self.steps.get(step) or {}).get("status")


@dataclass(frozen=True)
class DatabaseHost:
    """The host that reaches the database instead of this one, as it was found.

    :param problems: sentences on why it can't do that.
    :param tried: whether it tried to reach the live target's database.
    :param unreached: why it could not.
    """

    name: str
    problems: Sequence[str] = ()
    tried: bool = False
    unreached: str | None = None


@dataclass(frozen=True)
class Wishes:
    """What the operator asked for.

    :param databases: where the users are set up; empty means the secret's ``database``, None that nobody said.
    :param other_logins: what is done about logins that come with the data: disable, report or keep.
    :param ca_file: the CA certificates for logins; None or empty is a failure when ca_required.
    :param previous_configuration: captured by the target's previous operation, when that one did not succeed.
    :param previous_operations: operations that failed since the last that succeeded: a cluster that carries one of
        their ids, and was never completed, is a wreck, not what is to be carried over.
    :param previous_deleting_since: when the first of them started that had begun to remove the target, as ISO text.
    :param expected_account: the account that the credentials must be of, if anybody said.
    :param check_database: whether to try to reach the live target's database.
    :param db_host: what runs the database steps, if not this host.
    :param public_security_groups: ids of groups that may open the database to the internet.
    :param public_subnet_groups: names of subnet groups that may have public subnets.
    :param allow_less_encryption: whether the result may be protected less well than the source.
    """

    account: str
    source_region: str
    source_cluster_id: str
    target_region: str
    target_cluster_id: str
    snapshot: SnapshotWish = field(default_factory=SnapshotWish)
    kms_key_id: str | None = None
    confirm_delete: str | None = None
    lift_deletion_protection: bool = False
    final_snapshot: str = "before"
    master_secret_id: str | None = None
    app_secret_id: str | None = None
    databases: Sequence[str] | None = None
    other_logins: str = "disable"
    sns_topic_arn: str | None = None
    ca_file: str | None = None
    ca_required: bool = True
    state_table: str | None = None
    state_region: str | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    previous_configuration: Mapping[str, Any] | None = None
    previous_operations: Sequence[str] = ()
    previous_deleting_since: str | None = None
    operation_id: str | None = None
    resumed: Resumed | None = None
    expected_account: str | None = None
    check_database: bool = True
    db_host: DatabaseHost | None = None
    public_security_groups: Sequence[str] = ()
    public_subnet_groups: Sequence[str] = ()
    allow_less_encryption: bool = False


@dataclass(frozen=True)
class Fact(Generic[T]):
    """Something that was read: a value (None for "there is none"), or why it could not be read, or not asked."""

    value: T | None = None
    error: RestoreError | None = None
    asked: bool = True

    @property
    def known(self) -> bool:
        return self.asked and self.error is None


def unasked() -> Fact[Any]:
    return Fact(asked=False)


def attempt(read: Callable[[], T | None]) -> Fact[T]:
    """Read something; a failure becomes part of the answer, so that all other checks go on.

    :raises RunnerGone: nobody is there any more who would read the answer.
    """
    try:
        return Fact(read())
    except RunnerGone:
        raise
    except RestoreError as error:
        return Fact(error=error)


@dataclass(frozen=True)
class World:
    """What was read before the target's configuration was known.

    :param source: the live source cluster, which may be gone: its snapshots can still be restored.
    :param caller: whom the credentials belong to (Account, Arn, UserId).
    :param topic: its attributes.
    :param ca: the content of the CA file.
    :param state_table: its description, or why it can't hold the state.
    """

    regions: frozenset[str]
    source: Fact[Cluster] = field(default_factory=unasked)
    snapshots: Fact[Sequence[Snapshot]] = field(default_factory=unasked)
    target: Fact[Cluster] = field(default_factory=unasked)
    custom_endpoints: Fact[Sequence[Boto]] = field(default_factory=unasked)
    scaling_policies: Fact[Sequence[Boto]] = field(default_factory=unasked)
    target_snapshots: Fact[Sequence[Snapshot]] = field(default_factory=unasked)
    master_secret: Fact[Mapping[str, str]] = field(default_factory=unasked)
    app_secret: Fact[Mapping[str, str]] = field(default_factory=unasked)
    topic: Fact[Boto] = field(default_factory=unasked)
    ca: Fact[str] = field(default_factory=unasked)
    quotas: Fact[Sequence[Boto]] = field(default_factory=unasked)
    state_table: Fact[Boto] = field(default_factory=unasked)
    caller: Boto = field(default_factory=dict)


@dataclass(frozen=True)
class Surroundings:
    """What the wanted configuration refers to, read once that is known.

    :param key: KeyMetadata of the target's key.
    :param versions: the engine versions of the region that have the snapshot's name; empty when it is not offered.
    :param offers: instance class to its offers for that version.
    :param grant: whether the caller may let RDS use the key: what KMS said to a dry run.
    :param database: a ``database.LiveDatabase``; its errors are those of that module.
    :param permissions: ``permissions.Answer``: what IAM says of the run's calls.
    :param route_tables: those of the VPC.
    :param source_key: KeyMetadata of the snapshot's key, where that matters.
    """

    key: Fact[Boto] = field(default_factory=unasked)
    versions: Fact[Sequence[Boto]] = field(default_factory=unasked)
    subnet_group: Fact[Boto] = field(default_factory=unasked)
    cluster_parameter_group: Fact[Boto] = field(default_factory=unasked)
    parameter_groups: Mapping[str, Fact[Boto]] = field(default_factory=dict)
    security_groups: Fact[Sequence[Boto]] = field(default_factory=unasked)
    offers: Mapping[str, Fact[Sequence[Boto]]] = field(default_factory=dict)
    grant: Fact[str] = field(default_factory=unasked)
    database: Fact[Any] = field(default_factory=unasked)
    permissions: Fact[Sequence[Any]] = field(default_factory=unasked)
    route_tables: Fact[Sequence[Boto]] = field(default_factory=unasked)
    source_key: Fact[Boto] = field(default_factory=unasked)


@dataclass(frozen=True)
class Decision:
    """What the wishes and the world come to.

    :param snapshot: the snapshot to restore, or None.
    :param captured: the configuration of the cluster that is replaced (or was, by an operation that failed since).
    :param configuration: captured with the operator's overrides, engine and version of the snapshot.
    :param kms_key_id: the key for copy and cluster, as it was given; see ``Surroundings.key`` for its ARN.
    """

    snapshot: Snapshot | None
    captured: Mapping[str, Any] | None
    configuration: Mapping[str, Any]
    kms_key_id: str | None
