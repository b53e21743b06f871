# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which snapshots go, and why others stay: one case at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup import rules
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import Decision, Rules, World
from cleanup_world import (
    ACCOUNT,
    AWAY,
    HOME,
    KEY,
    TARGET,
    cluster,
    copy,
    final,
    lease,
    operation,
    snapshot,
    snapshot_arn,
    ulid,
    world,
)

OP, OTHER = ulid(1), ulid(2)
# Two newer ones, so that it is the age and what is said of "old" that counts.
NEWER = [copy("new", 1), copy("newer", 2)]
FAILED = f"operation {OP}, which is unfinished"
OLD = snapshot_arn("rds:nightly-old", AWAY)


def decisions(seen: World, settings: Rules | None = None) -> dict[str, Decision]:
    return {item.name: item for item in rules.decide(seen, settings or Rules())}


def of_old(*more: dict[str, Any], settings: Rules | None = None, **seen: Any) -> Decision:
    """What is decided about the copy called old, with two newer ones around."""
    return decisions(world([*NEWER, *more], **seen), settings)["old"]


def test_an_old_copy_beyond_the_count_goes() -> None:
    found = decisions(world([*NEWER, copy("old", 8), copy("older", 80)]))
    assert {name: item.verdict for name, item in found.items()} == {
        "new": "keep", "newer": "keep", "old": "delete", "older": "delete",
    }  # fmt: skip
    assert found["new"].reason == "it is the newest copy of its source"
    assert found["newer"].reason == "it is one of the 2 newest"
    assert found["old"].reason == "it is older than 7 days, and 2 newer ones are there"
    assert (found["old"].age_days, found["old"].size_gib) == (8.0, 100)


@pytest.mark.parametrize(
    ("old", "seen", "reason"),
    [
        (copy("old", 7), {}, "it is not older than 7 days"),
        (copy("old", 0.5), {}, "it is the newest copy of its source"),
        (copy("old", 8, Status="copying"), {}, "it is copying"),
        (copy("old", 8, Status="deleting"), {}, "it is deleting"),
        (copy("old", 8, Status=""), {}, "it is without a status"),
        (copy("old", None), {}, "nobody knows how old it is"),
        (copy("old", None, Status="failed"), {}, "nobody knows how old it is"),
        (copy("old", 0.9, Status="failed"), {}, "it is younger than 24 hours"),
        (copy("old", 8, cluster="other"), {}, f"it is one of {ACCOUNT}/{AWAY}/other, which is not this host's source"),
        (
            copy("old", 8, of=snapshot_arn("rds:nightly", "eu-west-1")),
            {},
            f"it is one of {ACCOUNT}/eu-west-1/shop-production, which is not this host's source",
        ),
        (
            copy("old", 8, of=snapshot_arn("rds:nightly", AWAY, "210987654321")),
            {},
            f"it is one of 210987654321/{AWAY}/shop-production, which is not this host's source",
        ),
        (copy("old", 8), {"items": [operation(OP, "failed", OLD)]}, f"it is used by {FAILED}"),
        (
            copy("old", 8),
            {"items": [operation(OP, "succeeded", OLD), lease(OP)]},
            f"it is used by operation {OP}, which is running",
        ),
        (
            copy("old", 8),
            {"items": [operation(OP, "from the future", OLD)]},
            f"it is used by {FAILED}",
        ),
        (copy("old", 8, OP), {"items": [operation(OP, "running", "x")]}, f"it was made by {FAILED}"),
        (
            copy("old", 8),
            {
                "items": [
                    operation(OP, "failed", "x"),
                    {"operation_id": OP, "step": "snapshot_copy", "result": {"snapshot": {"arn": snapshot_arn("OLD")}}},
                ]
            },
            f"it is used by {FAILED}",
        ),
        (
            copy("old", 8),
            {"items": [operation(OP, "running")]},
            f"it may be wanted by operation {OP}, which is unfinished: that one has not chosen its snapshot yet",
        ),
        # A lease of which the table has no operation: nobody knows what that one wants.
        (
            copy("old", 8),
            {"items": [lease(OP, target="elsewhere")]},
            f"it may be wanted by operation {OP}, which is running: that one has not chosen its snapshot yet",
        ),
        (
            copy("old", 8),
            {"clusters": [cluster("x", source_snapshot_arn=OLD)]},
            "cluster x is being restored from it",
        ),
        (
            copy("old", 8),
            {"clusters": [cluster("x", "creating", source_snapshot_arn=OLD, restored=OP)]},
            "cluster x is being restored from it",
        ),
        (copy("old", 8), {"clusters": [cluster("x", "creating")]}, "cluster x is being created, perhaps from it"),
        (copy("old", 8), {"shared": {snapshot_arn("old"): ("210987654321",)}}, "it is shared with 210987654321"),
    ],
)  # fmt: skip
def test_what_protects_a_copy(old: dict[str, Any], seen: dict[str, Any], reason: str) -> None:
    found = of_old(old, **seen)
    assert (found.verdict in ("keep", "report"), found.reason) == (True, reason)


@pytest.mark.parametrize(
    "seen",
    [
        {"items": [operation(OP, "succeeded", OLD)]},
        {"items": [operation(OP, "aborted", OLD)]},
        {"items": [operation(OP, "abandoned", OLD)]},
        {"items": [operation(OP, "failed", "other")]},
        {"items": [operation(OP, "running", source={"region": AWAY, "cluster_id": "other"})]},
        {"items": [operation(OP, "succeeded", OLD), lease(OP, held=False)]},
        {"clusters": [cluster("x", source_snapshot_arn=OLD, restored=OP)]},
        {"clusters": [cluster("x", "creating", source_snapshot_arn="other")]},
        {"clusters": [cluster("x")]},
    ],
)
def test_what_does_not_protect_it(seen: dict[str, Any]) -> None:
    assert of_old(copy("old", 8), **seen).verdict == "delete"


def test_a_source_of_a_copy_in_flight_stays() -> None:
    onward = snapshot(
        "onward", "shop-production", None, {}, Status="copying", SourceDBClusterSnapshotArn=snapshot_arn("old")
    )
    assert of_old(copy("old", 8), onward).reason == "snapshot onward is being copied from it"


@pytest.mark.parametrize(
    "one",
    [
        copy("old", 80, tags={}),
        copy("old", 80, tags={"aurora-restore:operation-id": OP}),
        copy("old", 80, tags={"aurora-restore:source-snapshot-arn": "another"}),
        snapshot("old", "shop-production", 80, {"aurora-restore:source-snapshot-arn": OLD}),
        {**copy("old", 80), "SnapshotType": "automated"},
        final(OP, 80, name="old"),
        final(OP, 80, name="old", tags={}),
        final(OP, 80, name=f"{TARGET}-final-00000000"),
        final(OP, 80, tags={}),
        final(OP, 80, tags={"aurora-restore:operation-id": OTHER}),
        final(OP, 80, SourceDBClusterSnapshotArn="a"),
    ],
)
def test_what_is_not_ours_is_not_even_looked_at(one: dict[str, Any]) -> None:
    seen = world([one])
    assert rules.decide(seen, Rules()) == []
    assert len(list(rules.foreign(seen))) == 1


def test_only_the_owner_of_a_final_snapshot_looks_after_it() -> None:
    """Its tags may say more: that of a cluster which was itself restored inherits some."""
    keys = [ulid(number) for number in range(6)]
    tags = {
        "aurora-restore:operation-id": keys[4],
        "aurora-restore:restored": "x",
        "aurora-restore:source-snapshot-arn": "y",
    }
    found = decisions(
        world([*(final(key, 31 + number) for number, key in enumerate(keys[:4])), final(keys[4], 90, tags=tags),
               final(keys[5], 99, cluster="other")])
    )  # fmt: skip
    assert [item.verdict for item in found.values()] == ["keep", "keep", "keep", "delete", "delete", "keep"]
    assert f"{TARGET}-final-{keys[4][-8:].lower()}" in found
    assert found[f"other-final-{keys[5][-8:].lower()}"].reason.endswith("which is not this host's target")


def test_the_last_good_one_stays_whatever_is_asked_for() -> None:
    nothing = Rules(0, 0, 0, 0, 0)
    found = decisions(world([copy("only", 80), final(OP, 80), copy("failed", 1, Status="failed")]), nothing)
    assert [item.verdict for item in found.values()] == ["keep", "keep", "delete"]


def test_each_key_has_its_newest_copy() -> None:
    found = decisions(
        world([copy("a", 80), copy("b", 8, KmsKeyId=KEY + "-2"), copy("c", 9, KmsKeyId=KEY + "-2")]), Rules(1)
    )
    assert {name: item.verdict for name, item in found.items()} == {"a": "keep", "b": "keep", "c": "delete"}


def test_the_newest_data_stays_though_older_data_was_copied_later() -> None:
    def of(name: str, days: float, captured: str) -> dict[str, Any]:
        source = snapshot_arn(name, AWAY)
        tags = {"aurora-restore:source-snapshot-arn": source, "aurora-restore:source-snapshot-time": captured}
        return copy(name, days, of=source, tags=tags)

    seen = [of("pinned", 8, "2026-01-01T00:00:00Z"), of("last", 9, "2026-05-20T00:00:00Z"), of("c", 10, "not a time")]
    found = decisions(world(seen), Rules(1))
    assert [item.verdict for item in found.values()] == ["keep", "keep", "delete"]
    assert found["last"].reason == "it holds newer data than all other copies of its source"


def test_a_failed_copy_is_as_old_as_its_operation_at_least() -> None:
    seen = [copy("old", None, OP, Status="failed")]
    ended = operation(OP, "aborted", finished_at="2026-05-20T00:00:00.000Z")
    assert of_old(*seen, items=[ended]).reason == "it has failed, and nothing needs it"
    assert of_old(*seen, items=[{**ended, "finished_at": "2026-06-01T00:00:00.000Z"}]).verdict == "keep"
    assert of_old(*seen, items=[{**ended, "finished_at": None}]).verdict == "keep"


def test_sharing_has_to_be_asked_for() -> None:
    seen = world([*NEWER, copy("old", 8), copy("young", 3)])
    assert [item.name for item in rules.candidates(seen, Rules())] == ["old"]
    unknown = replace(seen, shared={})
    assert decisions(unknown)["old"].reason == "nobody knows who else may restore it"
    shared = replace(seen, shared={snapshot_arn("old"): ("all",)})
    assert decisions(shared)["old"].verdict == "keep"
    assert decisions(shared, Rules(shared=True))["old"].verdict == "delete"


def test_a_copy_in_flight_that_nobody_waits_for_is_reported() -> None:
    flying = copy("old", None, OP, Status="copying")
    forgotten = of_old(flying, items=[operation(OP, "failed", OLD)])
    assert forgotten.verdict == "report"
    assert f"goes on with {OP}, or end that operation with abort.yml" in forgotten.hint
    over = of_old(flying, items=[operation(OP, "aborted", OLD)])
    assert (over.verdict, over.hint[:22]) == ("report", "Its operation is over.")
    assert of_old(flying, items=[operation(OP, "running", OLD), lease(OP)]).verdict == "keep"
    assert of_old(copy("old", None, Status="copying", cluster="other")).verdict == "keep"


@pytest.mark.parametrize(
    ("wreck", "items", "reported"),
    [
        (cluster("x", "incompatible-restore", operation_id=OP), [], True),
        (cluster("x", "incompatible-restore", operation_id=OP), [operation(OP, "aborted")], True),
        (cluster("x", "incompatible-restore", operation_id=OP), [operation(OP, "failed")], False),
        (cluster("x", "incompatible-restore", operation_id=OP), [operation(OP, "aborted"), lease(OP)], False),
        (cluster("x", "incompatible-restore", operation_id=OP), [lease(OP)], False),
        (cluster("x", "incompatible-restore", operation_id=OP), [operation(OP, "aborted", target="a/b/c")], False),
        (cluster(TARGET, "incompatible-restore", operation_id=OP), [], False),
        (cluster("x", "incompatible-restore"), [], False),
        (cluster("x", "available", operation_id=OP), [], False),
    ],
)
def test_a_wreck_of_a_dead_operation_is_reported(wreck: dict[str, Any], items: list[Any], reported: bool) -> None:
    found = [item for item in rules.decide(world(clusters=[wreck], items=items), Rules()) if item.kind == "cluster"]
    assert [item.verdict for item in found] == ["report"] * reported
    assert all(OP in item.reason and "delete it by hand" in item.hint for item in found)


def test_everything_is_compared_in_the_target_s_region() -> None:
    """A copy within one region is one as well."""
    seen = world([copy("a", 80, of=snapshot_arn("x", HOME)), copy("b", 90, of=snapshot_arn("y", HOME))])
    assert {item.verdict for item in rules.decide(seen, Rules(1))} == {"keep"}
    here = replace(seen, source=replace(seen.source, region=HOME))
    assert [item.verdict for item in rules.decide(here, Rules(1))] == ["keep", "delete"]
