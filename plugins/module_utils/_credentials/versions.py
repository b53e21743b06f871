# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Versions of a secret and their stages. Pure: no call, no value of a secret.

A stage is a label that at most one version has. Versions without any are left to Secrets Manager, which removes them
some day; until then their ids stay taken.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import boto3_tag_list_to_ansible_dict
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, Refused
from ansible_collections.dbops.aurora_restore.plugins.module_utils._secrets import CURRENT, PENDING, PREVIOUS

Stages = Mapping[str, frozenset[str]]
NAMESPACE = uuid.UUID("5d0b4f0e-4c8f-5e0a-9d5e-3a6f1d1f4c11")


@dataclass(frozen=True)
class Secret:
    """A secret without its values.

    :param stages: by version id; only versions that have a stage.
    :param deleted: it is scheduled for deletion.
    :param rotated_by_aws: Secrets Manager rotates it by itself.
    """

    arn: str
    name: str
    stages: Stages = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    deleted: bool = False
    rotated_by_aws: bool = False

    @classmethod
    def from_boto(cls, boto: Mapping[str, Any]) -> Secret:
        stages = boto.get("VersionIdsToStages") or {}
        return cls(
            arn=str(boto["ARN"]),
            name=str(boto["Name"]),
            stages={version: frozenset(labels) for version, labels in stages.items() if labels},
            tags=boto3_tag_list_to_ansible_dict(boto.get("Tags") or []),
            deleted=bool(boto.get("DeletedDate")),
            rotated_by_aws=bool(boto.get("RotationEnabled")) or bool(boto.get("OwningService")),
        )

    def version(self, stage: str) -> str | None:
        return next((version for version, labels in self.stages.items() if stage in labels), None)

    @property
    def current(self) -> str | None:
        return self.version(CURRENT)

    @property
    def pending(self) -> str | None:
        """The version that waits to become current; one that is current already waits no more."""
        version = self.version(PENDING)
        return version if version != self.current else None


@dataclass(frozen=True)
class Move:
    """A stage to be moved: from one version, to another; None: from or to nowhere."""

    stage: str
    source: str | None
    destination: str | None

    def to_boto(self) -> dict[str, str]:
        given = {"RemoveFromVersionId": self.source, "MoveToVersionId": self.destination}
        return {"VersionStage": self.stage, **{key: value for key, value in given.items() if value}}


def promoting(secret: Secret, version: str) -> list[Move]:
    """What makes the version current and ends its waiting, in this order: dying in between, it is in force already."""
    moves = [] if secret.current == version else [Move(CURRENT, secret.current, version)]
    return moves + _unpending(secret, version)


def abandoning(secret: Secret, version: str) -> list[Move]:
    """What ends the version's waiting without making it current."""
    return _unpending(secret, version)


def _unpending(secret: Secret, version: str) -> list[Move]:
    return [Move(PENDING, version, None)] if secret.version(PENDING) == version else []


def moved(secret: Secret, moves: Iterable[Move]) -> Secret:
    """The secret after the moves; AWSPREVIOUS follows AWSCURRENT, as Secrets Manager has it."""
    stages = {version: set(labels) for version, labels in secret.stages.items()}
    for move in moves:
        _relabel(stages, move.stage, move.destination)
        if move.stage == CURRENT and move.source:
            _relabel(stages, PREVIOUS, move.source)
    return replace(secret, stages={version: frozenset(labels) for version, labels in stages.items() if labels})


def _relabel(stages: dict[str, set[str]], stage: str, version: str | None) -> None:
    for labels in stages.values():
        labels.discard(stage)
    if version:
        stages.setdefault(version, set()).add(stage)


def token(secret: str, base: str | None, attempt: int = 0) -> str:
    """The id of the version that follows ``base``: whoever asks twice asks for the same one.

    :param attempt: counts those before that were abandoned, whose ids stay taken.
    """
    return str(uuid.uuid5(NAMESPACE, f"{secret} {base or ''} {attempt}"))


def require_alive(secret: Secret) -> None:
    """:raises Refused: it is scheduled for deletion."""
    if secret.deleted:
        raise Refused(
            f"The secret {secret.name} is scheduled for deletion, and keeps its name until then",
            resource=secret.arn,
            hint="Restore it (aws secretsmanager restore-secret), or wait until it is gone, or take another name.",
        )


def require_tags(secret: Secret, only_tagged: Mapping[str, Any]) -> None:
    """:raises Refused: it does not have all those tags."""
    lacking = [f"{key}={value}" for key, value in only_tagged.items() if secret.tags.get(key) != str(value)]
    if lacking:
        raise Refused(
            f"The secret {secret.name} is left alone: it does not have the tag {', '.join(lacking)}",
            resource=secret.arn,
            hint="Somebody else made it. Tag it, if it is to be treated as one of these.",
        )


def require_known(secret: Secret, version: str) -> None:
    """:raises BadInput: no version of that id has a stage."""
    if version not in secret.stages:
        raise BadInput(
            f"The secret {secret.name} has no version {version} with a stage",
            resource=secret.arn,
            hint="Leave version_id out: then it is the one that is pending.",
        )


def require_own(secret: Secret) -> None:
    """:raises Refused: Secrets Manager, or the service that owns the secret, rotates it."""
    if secret.rotated_by_aws:
        raise Refused(
            f"The secret {secret.name} is rotated by AWS itself: two that rotate would undo each other",
            resource=secret.arn,
            hint="End that (aws secretsmanager cancel-rotate-secret), or leave the rotation to it.",
        )
