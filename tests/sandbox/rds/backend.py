# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The RDS backend of one account and region: moto's, with Aurora PostgreSQL's actions replaced."""

from __future__ import annotations

from typing import Any, ClassVar

from moto.rds import urls
from moto.rds.models import RDSBackend

from sandbox.rds import events
from sandbox.rds.clusters import ClusterActions
from sandbox.rds.copies import CopyActions
from sandbox.rds.fates import KeyActions
from sandbox.rds.globals import GlobalActions
from sandbox.rds.instances import InstanceActions
from sandbox.rds.modifications import ModifyActions
from sandbox.rds.restores import RestoreActions
from sandbox.rds.runtime import Runtime, log
from sandbox.rds.sharing import SharingActions
from sandbox.rds.snapshots import SnapshotActions


class SandboxBackend(
    ClusterActions, RestoreActions, ModifyActions, InstanceActions, SnapshotActions, SharingActions, CopyActions,
    GlobalActions, KeyActions, RDSBackend,
):  # fmt: skip
    """moto makes one per account and region."""

    runtime: ClassVar[Runtime]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.happenings: list[events.Event] = []

    @property
    def _url_module(self) -> Any:
        """moto would look beside this module."""
        return urls

    def record(self, resource: Any, message: str, category: str) -> None:
        """Keep an event for DescribeEvents."""
        self.happenings.append(events.event_of(resource, self.runtime.scheduler.clock.now(), message, category))
        log.info("%s %s: %s", self.region_name, resource.resource_id, message)
