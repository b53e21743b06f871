# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Refused
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.deleting import delete
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import DeleteWish
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Snapshot
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.replacement import Replacement, problems
from rds_world import World, cluster, instance, snapshot

OPERATION = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
WISH = DeleteWish(resource_id="cluster-OLD", operation_id=OPERATION)
KEY = "arn:aws:kms:us-west-2:123456789012:key/1"


def key(**values: Any) -> dict[str, Any]:
    return {"Arn": KEY, "KeyState": "Enabled", "KeyUsage": "ENCRYPT_DECRYPT", "KeySpec": "SYMMETRIC_DEFAULT", **values}


def copy(**values: Any) -> Snapshot:
    return Snapshot.from_boto(snapshot("copy", region="us-west-2", KmsKeyId=KEY, **values))


@pytest.mark.parametrize(
    ("found", "keys", "says"),
    [
        (None, {}, "does not exist"),
        (copy(Status="failed"), {KEY: key()}, "is failed, not available"),
        (copy(), {KEY: key(KeyState="Disabled")}, "is Disabled, not Enabled"),
        (copy(), {KEY: key(KeyState="PendingDeletion")}, "is PendingDeletion, not Enabled"),
        (copy(), {KEY: None}, "does not exist"),
    ],
)
def test_what_can_no_longer_be_restored(found: Snapshot | None, keys: dict[str, Any], says: str) -> None:
    (sentence,) = problems(Replacement("copy"), found, keys, "us-west-2")
    assert says in sentence


def test_a_snapshot_and_its_key_that_are_usable() -> None:
    assert problems(Replacement("copy", KEY), copy(), {KEY: key()}, "us-west-2") == []
    assert problems(Replacement(None, KEY), None, {KEY: key()}, "us-west-2") == [], "planned: only the key is there"


def test_looks_again_after_the_final_snapshot_and_deletes_nothing_then() -> None:
    world = World()
    world.clusters["shop-staging"] = cluster()
    world.instances["shop-staging-1"] = instance("shop-staging-1")

    def last_look() -> None:
        if "CreateDBClusterSnapshot" in world.mutations:
            raise Refused("the key is gone")

    with pytest.raises(Refused):
        delete(world.session(operation_id=OPERATION), "shop-staging", WISH, last_look=last_look)
    assert world.mutations == ["CreateDBClusterSnapshot"]
