# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that loses its lease or its runner makes no further call, and a second run gets to the same end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import LeaseLost
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import waiting
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.copying import copy
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.deleting import delete
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.restoring import restore
from rds_world import World
from test_copying import WISH as COPY_WISH
from test_deleting import WISH as DELETE_WISH
from test_deleting import make_world
from test_restoring import COPY, OPERATION, READER, WRITER, configuration
from test_restoring import wish as restore_wish

ROLES = [{"role_arn": "arn:aws:iam::123456789012:role/s3", "feature_name": "s3Import"}]
Run = Callable[[World], Any]


def run_copy(world: World) -> Any:
    return copy(world.session(operation_id=OPERATION), COPY_WISH)


def run_delete(world: World) -> Any:
    return delete(world.session(operation_id=OPERATION), "shop-staging", DELETE_WISH)


def run_restore(world: World) -> Any:
    wanted = configuration(associated_roles=ROLES, deletion_protection=True)
    return restore(world.session(operation_id=OPERATION), restore_wish(configuration=wanted))


def world_of(run: Run) -> World:
    if run is run_delete:
        return make_world(Status="stopped")
    world = World()
    world.snapshots["shop-production-copy"] = dict(COPY)
    return world


def interrupt_after(world: World, mutations: int) -> None:
    def check() -> None:
        if len(world.mutations) >= mutations:
            raise LeaseLost("lost")

    world.journal.check = check


@pytest.fixture(autouse=True)
def _endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "tcp_problem", lambda host, port: None)


@pytest.mark.parametrize("run", [run_copy, run_delete, run_restore])
def test_interrupted_anywhere(run: Run) -> None:
    whole = world_of(run)
    run(whole)
    assert len(whole.mutations) >= 1
    for mutations in range(len(whole.mutations) + 1):
        world = world_of(run)
        interrupt_after(world, mutations)
        try:
            run(world)
        except LeaseLost:
            assert len(world.mutations) == mutations
        world.journal.check = lambda: None
        run(world)
        assert state(world) == state(whole), f"interrupted after {mutations} calls"
        # Nothing was done twice, but for the password, of which nobody can tell whether it is set.
        assert sorted(set(world.mutations)) == sorted(set(whole.mutations))
        again = len(world.mutations)
        assert run(world).changed is False
        assert len(world.mutations) == again


def state(world: World) -> Any:
    """What is there in the end."""
    clusters = {
        name: {**item, "TagList": sorted(str(tag) for tag in item["TagList"])} for name, item in world.clusters.items()
    }
    return clusters, {name: item["DBInstanceStatus"] for name, item in world.instances.items()}, sorted(world.snapshots)


def test_the_end_is_what_was_wanted() -> None:
    world = world_of(run_restore)
    run_restore(world)
    assert list(world.instances) == [WRITER, READER]
    assert world.clusters["shop-staging"]["DeletionProtection"] is True
