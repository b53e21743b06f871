# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a stack."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.cloudformation.templates import Template

STACK_TYPE = "AWS::CloudFormation::Stack"


@dataclass
class Item:
    """A resource of a stack as it is.

    :param properties, tags: with which it was made or last changed.
    """

    logical_id: str
    type: str
    physical_id: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    metadata: Any = None
    status: str = ""
    reason: str | None = None
    updated: datetime | None = None
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"


@dataclass(frozen=True)
class Wanted:
    """What a stack is to be, or is."""

    template: Template
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    capabilities: tuple[str, ...] = ()
    notification_arns: tuple[str, ...] = ()


@dataclass
class Stack:
    """
    :param wanted: what it was last brought to.
    :param operation: what is being done to it.
    """

    id: str
    name: str
    account: str
    region: str
    wanted: Wanted
    created: datetime
    status: str = "CREATE_IN_PROGRESS"
    reason: str | None = None
    updated: datetime | None = None
    deleted: datetime | None = None
    items: dict[str, Item] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    disable_rollback: bool = False
    termination_protection: bool = False
    policy: str | None = None
    timeout: int | None = None
    role_arn: str | None = None
    change_set_id: str | None = None
    token: str | None = None
    operation: Any = None

    @property
    def is_deleted(self) -> bool:
        return self.status == "DELETE_COMPLETE"

    @property
    def is_busy(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    def record(self, moment: datetime, item: Item | None, status: str, reason: str | None = None) -> None:
        """An event of a resource, or of the stack itself."""
        if item is None:
            self.status, self.reason = status, reason
        else:
            item.status, item.reason, item.updated = status, reason, moment
        shown = {
            "StackId": self.id,
            "StackName": self.name,
            "EventId": str(uuid.uuid4()) if item is None else f"{item.logical_id}-{status}-{uuid.uuid4()}",
            "LogicalResourceId": item.logical_id if item else self.name,
            "PhysicalResourceId": item.physical_id if item else self.id,
            "ResourceType": item.type if item else STACK_TYPE,
            "Timestamp": moment,
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
            "ResourceProperties": json.dumps(item.properties, default=str) if item and item.properties else None,
            "ClientRequestToken": self.token,
        }
        self.events.append({name: value for name, value in shown.items() if value is not None})
