# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan lists is what a run then calls, in that order: new, and resumed after each of its calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import LeaseLost
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import decisions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.actions import actions, changing
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.reading import (
    read_cluster,
    read_manual_snapshots,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import (
    Fact,
    Resumed,
    Surroundings,
    Wishes,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import World as Seen
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import waiting
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.copying import copy
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.deleting import delete
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.restoring import RestoreWish, restore
from rds_world import CREATED, World, snapshot
from test_copying import KEY, SOURCE
from test_copying import WISH as COPY_WISH
from test_deleting import OPERATION, make_world
from test_deleting import WISH as DELETE_WISH

Calls = list[tuple[str, str]]
ROLES = [{"role_arn": "arn:aws:iam::123456789012:role/s3", "feature_name": "s3Import"}]
REMOVING = {"ModifyDBCluster", "DeleteDBInstance", "DeleteDBCluster"}
# Where a call says what it is about
NAMES = (
    "TargetDBClusterSnapshotIdentifier", "DBClusterSnapshotIdentifier", "DBInstanceIdentifier", "DBClusterIdentifier",
    "ResourceName",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "tcp_problem", lambda host, port: None)


class Restore:
    """A restore in a small RDS: planned, run, interrupted, planned and run again."""

    def __init__(self, wishes: dict[str, Any], world: World) -> None:
        self.world = world
        self.wishes = replace(
            Wishes(
                account="123456789012",
                source_region="us-east-1",
                source_cluster_id="shop-production",
                target_region="us-west-2",
                target_cluster_id="shop-staging",
                kms_key_id=KEY,
                lift_deletion_protection=True,
                master_secret_id="shop/staging/master",
                operation_id=OPERATION,
            ),
            **wishes,
        )
        seen, decision = self.look(self.wishes)
        self.captured, self.configuration = decision.captured, decision.configuration
        assert seen.target.value is None or decision.captured

    def look(self, wishes: Wishes) -> tuple[Seen, Any]:
        seen = Seen(
            regions=frozenset(("us-east-1", "us-west-2")),
            snapshots=Fact([SOURCE]),
            target=Fact(read_cluster(self.world.client, "shop-staging")),
            target_snapshots=Fact(read_manual_snapshots(self.world.client)),
        )
        return seen, decisions.decide(wishes, seen, CREATED)

    def plan(self) -> Calls:
        """What a run would call now."""
        wishes = self.wishes
        if self.world.mutations:
            removed = REMOVING & set(self.world.mutations)
            replaced = {"resource_id": "cluster-OLD"} if removed else None
            pinned = {"db_cluster_snapshot_arn": SOURCE.arn}
            wishes = replace(
                wishes, resumed=Resumed(pinned, replaced), previous_configuration=self.captured,
                previous_operations=[OPERATION],
            )  # fmt: skip
        seen, decision = self.look(wishes)
        around = Surroundings(key=Fact({"Arn": KEY}))
        planned = changing(actions(wishes, seen, decision, around))
        return once((item["call"], item["resource"]) for item in planned if item["service"] == "rds")

    def run(self) -> Calls:
        """A run; what it called."""
        before = len(self.world.log)
        session = {"operation_id": OPERATION}
        copied = copy(self.world.session(**session), COPY_WISH).snapshot
        wish = replace(
            DELETE_WISH, lift_deletion_protection=True, final_snapshot=self.wishes.final_snapshot,
        )  # fmt: skip
        delete(self.world.session(**session), "shop-staging", wish)
        restore(
            self.world.session(**session),
            RestoreWish("shop-staging", copied, self.configuration, "cluster-OLD", "correct-horse-battery"),
        )
        return self.called(before)

    def called(self, since: int) -> Calls:
        return once(
            (entry[0], subject(entry[1]))
            for entry in self.world.log[since:]
            if entry[0] not in ("intent", "progress") and not entry[0].startswith("Describe")
        )

    def interrupted_after(self, mutations: int) -> None:
        """A run that ends after so many calls."""

        def check() -> None:
            if len(self.world.mutations) >= mutations:
                raise LeaseLost("lost")

        self.world.journal.check = check
        with pytest.raises(LeaseLost):
            self.run()
        self.world.journal.check = lambda: None


def once(calls: Iterable[tuple[str, str]]) -> Calls:
    """Without repeats that follow one another: protection is lifted until it is seen to be."""
    return [call for call, _repeated in groupby(calls)]


def subject(parameters: Mapping[str, Any]) -> str:
    """The name that a call is about, without the rest of an ARN."""
    name = next(str(parameters[key]) for key in NAMES if key in parameters)
    return name.rpartition(":")[2]


def failed_copy() -> World:
    world = make_world()
    name = COPY_WISH.id
    world.snapshots[name] = snapshot(
        name, region="us-west-2", Status="failed", SourceDBClusterSnapshotArn=SOURCE.arn, KmsKeyId=KEY
    )
    return world


SITUATIONS: dict[str, Any] = {
    "a target": ({}, make_world),
    "no target": ({"overrides": None}, World),
    "stopped": ({}, lambda: make_world(Status="stopped")),
    "protected": ({}, lambda: make_world(DeletionProtection=True)),
    "roles": ({"overrides": {"associated_roles": ROLES}}, make_world),
    "without final snapshot": ({"final_snapshot": "none"}, make_world),
    "final snapshot at delete": ({"final_snapshot": "at_delete"}, make_world),
    "a copy that failed": ({}, failed_copy),
}
WHOLE = {
    "db_subnet_group_name": "shop-staging",
    "vpc_security_group_ids": ["sg-1"],
    "db_cluster_parameter_group_name": "shop-staging",
    "deletion_protection": True,
    "instances": [{"db_instance_class": "db.r6g.large"}],
}


def restore_in(name: str) -> Restore:
    wishes, make = SITUATIONS[name]
    if "overrides" in wishes:
        wishes = {**wishes, "overrides": wishes["overrides"] or WHOLE}
    return Restore(wishes, make())


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_new_operation_calls_what_its_plan_lists(name: str) -> None:
    restore = restore_in(name)
    planned = restore.plan()
    assert len(planned) >= 5
    assert restore.run() == planned


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_resumed_operation_calls_what_its_plan_lists(name: str) -> None:
    """Whatever the run before it got to."""
    whole = restore_in(name)
    whole.run()
    calls = len(whole.world.mutations)
    assert calls >= 5
    for mutations in range(1, calls):
        restore = restore_in(name)
        restore.interrupted_after(mutations)
        planned = restore.plan()
        assert restore.run() == planned, f"interrupted after {restore.world.mutations[:mutations]}"


def test_a_complete_restore_calls_nothing_more() -> None:
    restore = restore_in("a target")
    restore.run()
    assert restore.plan() == []
    assert restore.run() == []
