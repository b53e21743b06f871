# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the world still is as a signed plan says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import signed
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.digest import digest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact, Resumed
from plan_world import ACCOUNT, KEY, case, snapshot, target
from test_document import plan

LABEL = f"{ACCOUNT}/us-west-2/shop-staging"
PINNED = {"db_cluster_snapshot_arn": snapshot().arn}
OLD = {"resource_id": "cluster-STAGING"}


def copy_there() -> Any:
    return snapshot(name="copy", SourceDBClusterSnapshotArn=snapshot().arn, KmsKeyId=KEY, SnapshotType="manual")


def test_nothing_has_changed() -> None:
    assert signed.deviations(plan(case()), plan(case())) == []


def test_a_plan_read_from_its_file_is_the_same(tmp_path: Path) -> None:
    made = plan(case())
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(made, indent=2))
    read = signed.read_plan(str(file))
    signed.require_plan(read, LABEL)
    assert signed.deviations(read, made) == []


CHANGES: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "another snapshot": (
        lambda: plan(case(world={"snapshots": Fact([snapshot(name="newer")])})),
        "the snapshot was .*00-30, is .*newer",
    ),
    "another cluster": (
        lambda: plan(case(world={"target": Fact(target(DbClusterResourceId="cluster-OTHER"))})),
        "the cluster that is replaced was cluster-STAGING, is cluster-OTHER",
    ),
    "no cluster any more": (
        lambda: plan(case(world={"target": Fact(None)})),
        "the cluster that is replaced was cluster-STAGING, is none",
    ),
    "another key": (
        lambda: plan(case(key=Fact({"Arn": KEY + "2"}))),
        "the key was .*, is .*2",
    ),
    "another secret": (
        lambda: plan(case({"master_secret_id": "other"})),
        "secrets master was shop/staging/master, is other",
    ),
    "another setting": (
        lambda: plan(case({"overrides": {"port": 5555}})),
        "port was to be 5433, would be 5555",
    ),
    "the target has another setting": (
        lambda: plan(case(world={"target": Fact(target(BackupRetentionPeriod=1))})),
        "backup_retention_period was to be 7, would be 1",
    ),
    "one more call": (
        lambda: plan(case(world={"target": Fact(target(DeletionProtection=True))})),
        "ModifyDBCluster of shop-staging .lift deletion protection. is not in the plan|deletion_protection was to be",
    ),
    "another database": (
        lambda: plan(case({"databases": ["elsewhere"]})),
        "GRANT, REVOKE of elsewhere .* is not in the plan",
    ),
    "another operation": (
        lambda: plan(case({"operation_id": "01KATR0M6QXV8H2Z5J3N4P7S9X"})),
        "it is operation 01KATR0M6QXV8H2Z5J3N4P7S9X",
    ),
    "another source": (
        lambda: plan(case({"source_cluster_id": "shop-other"})),
        "source cluster_id was shop-production, is shop-other",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_has_changed(name: str) -> None:
    make, says = CHANGES[name]
    found = "\n".join(signed.deviations(plan(case()), make()))
    assert re.search(says, found), found


def test_less_to_do_is_fine() -> None:
    assert signed.deviations(plan(case()), plan(case(world={"target_snapshots": Fact([copy_there()])}))) == []


def test_a_copy_that_is_gone_is_not() -> None:
    before = plan(case(world={"target_snapshots": Fact([copy_there()])}))
    assert "CopyDBClusterSnapshot" in " ".join(signed.deviations(before, plan(case())))


def begun(attempt: int, **world: Any) -> dict[str, Any]:
    """The plan of a resumed operation that had begun to remove the target."""
    captured = case().decision.captured
    resumed = Resumed(PINNED, OLD, {}, attempt, begun=True)
    return plan(case({"resumed": resumed, "previous_configuration": captured}, world))


def test_its_own_doings_are_no_change() -> None:
    assert signed.deviations(plan(case()), begun(2, target=Fact(None))) == []
    assert signed.deviations(plan(case()), begun(3, target=Fact(target(DeletionProtection=True)))) == []


def test_but_what_it_has_pinned_still_counts() -> None:
    other = begun(2, target=Fact(None), snapshots=Fact([snapshot(name="newer")]))
    assert "the snapshot was" in " ".join(signed.deviations(plan(case()), other))


def test_an_attempt_that_had_changed_nothing_does_not_free_the_next_one() -> None:
    """Else a run that was refused would be let through when it is run again."""
    resumed = Resumed(PINNED, None, {}, 2, begun=False)
    again = plan(case({"resumed": resumed, "databases": ["elsewhere"]}))
    assert "elsewhere" in " ".join(signed.deviations(plan(case()), again))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kms_key_id": "another"}, "was changed after it was made"),
        ({"schema": 99}, "of this version"),
        ({"digest": None}, "was changed after it was made"),
    ],
)
def test_no_plan_to_rely_on(change: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        signed.require_plan({**plan(case()), **change}, LABEL)


def test_a_plan_of_another_target() -> None:
    with pytest.raises(BadInput, match=f"is one of {LABEL}, not of other"):
        signed.require_plan(plan(case()), "other")


def test_a_plan_that_says_refused() -> None:
    refused = plan(case({"kms_key_id": "alias/none"}, key=Fact(None)))
    with pytest.raises(BadInput, match="alias/none"):
        signed.require_plan(refused, LABEL)


@pytest.mark.parametrize(
    ("content", "says"), [("{", "is not JSON"), ("[]", "does not hold a plan"), (None, "can't be read")]
)
def test_no_plan_in_the_file(tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "plan.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadInput, match=says):
        signed.read_plan(str(file))


def test_any_edit_shows() -> None:
    made = plan(case())
    assert digest({**made, "warnings": ["another"]}) != made["digest"]
