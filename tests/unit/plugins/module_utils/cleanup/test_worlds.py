# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Some hundred generated worlds, against the sentences of the guide, said once more without the code of the rules.

The same worlds in each run: what is found is found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup import rules
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import Rules
from cleanup_world import (
    ACCOUNT,
    AWAY,
    HOME,
    KEY,
    NOW,
    SOURCE,
    TARGET,
    TARGET_KEY,
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
from hypothesis import given, settings
from hypothesis import strategies as st

Boto = dict[str, Any]
# Days ago
BEGAN = {ulid(number, days): days for number, days in enumerate((60, 40, 20, 5, 0.2))}
OPERATIONS = list(BEGAN)
ORIGINS = [snapshot_arn(f"rds:nightly-{number}", AWAY) for number in range(4)]
# Around all thresholds, and on them
AGES = st.sampled_from([0.1, 0.5, 1, 1.5, 3, 5, 7, 7.5, 10, 20, 30, 31, 45, 90])
STATUSES = st.sampled_from(["available"] * 6 + ["failed", "copying", "creating", "deleting"])


@dataclass(frozen=True)
class Drawn:
    """What was generated, as AWS returns it."""

    snapshots: list[Boto]
    clusters: list[Boto]
    items: list[Boto]
    shared: dict[str, tuple[str, ...]]

    def world(self) -> Any:
        return world(self.snapshots, self.clusters, self.items, self.shared)


@st.composite
def copies(draw: Any, number: int) -> Boto:
    origin = draw(st.sampled_from(ORIGINS))
    region = draw(st.sampled_from([AWAY] * 5 + ["eu-west-1"]))
    origin = origin.replace(AWAY, region)
    tags = draw(st.sampled_from(["right"] * 6 + ["none", "wrong"]))
    given_tags = {"none": {}, "wrong": {"aurora-restore:source-snapshot-arn": "another"}}.get(tags)
    return copy(
        f"copy-{number}", draw(AGES), draw(st.sampled_from([None, None, *OPERATIONS])), origin, given_tags,
        cluster=draw(st.sampled_from([SOURCE] * 5 + ["other"])), Status=draw(STATUSES),
        KmsKeyId=draw(st.sampled_from([KEY, KEY, KEY + "-2"])),
    )  # fmt: skip


@st.composite
def finals(draw: Any, number: int) -> Boto:
    own = draw(st.sampled_from([*OPERATIONS, *(ulid(100 + more, 50) for more in range(3))]))
    tags = draw(st.sampled_from(["right"] * 6 + ["none", "wrong"]))
    more = {"none": {"tags": {}}, "wrong": {"tags": {"aurora-restore:operation-id": ulid(99)}}}.get(tags, {})
    named = draw(st.sampled_from([TARGET] * 5 + ["other"]))
    made = final(own, draw(AGES), named, Status=draw(STATUSES), **more)
    if draw(st.integers(0, 7)) == 0:
        made = made | {
            "DBClusterSnapshotIdentifier": f"odd-{number}",
            "DBClusterSnapshotArn": snapshot_arn(f"odd-{number}"),
        }
    return made


@st.composite
def foreign(draw: Any, number: int) -> Boto:
    inherited = {"aurora-restore:operation-id": OPERATIONS[0], "aurora-restore:source-snapshot-arn": ORIGINS[0]}
    kind = draw(st.sampled_from(["by hand", "automated", "onward", "onward", "onward"]))
    origin = snapshot_arn(f"copy-{draw(st.integers(0, number))}")
    more = {"automated": {"SnapshotType": "automated"}, "onward": {"SourceDBClusterSnapshotArn": origin}}
    status = draw(st.sampled_from(["available", "copying", "copying"]))
    return snapshot(f"foreign-{number}", TARGET, draw(AGES), inherited, Status=status, **more.get(kind, {}))


@st.composite
def items_of(draw: Any, key: str, names: list[str]) -> list[Boto]:
    if draw(st.integers(0, 2)) != 1:
        return []
    status = draw(st.sampled_from(["succeeded", "aborted", "abandoned"] * 3 + ["failed", "running", "odd"]))
    item = operation(
        key, status, draw(st.sampled_from([*ORIGINS, None])), expires=draw(st.sampled_from([None, -2, 2])),
        target=draw(st.sampled_from([TARGET_KEY] * 4 + [f"{ACCOUNT}/{HOME}/other"])),
        source={"region": AWAY, "cluster_id": draw(st.sampled_from([SOURCE, SOURCE, "other"]))},
    )  # fmt: skip
    step = {"operation_id": key, "step": "snapshot_copy", "result": {"id": draw(st.sampled_from(["none", *names]))}}
    kept = [item, step] if draw(st.integers(0, 5)) else [step]
    holds = [lease(key, target=item["target"])] if draw(st.integers(0, 6)) == 3 else []
    return kept + holds


@st.composite
def worlds(draw: Any) -> Drawn:
    made: dict[str, Boto] = {}
    for number in range(draw(st.integers(3, 12))):
        one = draw(draw(st.sampled_from([copies, copies, copies, finals, finals, foreign, foreign]))(number))
        made.setdefault(one["DBClusterSnapshotIdentifier"], one)
    items = [item for key in OPERATIONS for item in draw(items_of(key, list(made)))]
    leases = {item["operation_id"]: item for item in items if item["step"] == "#lease"}  # one for each target
    items = [item for item in items if item["step"] != "#lease"] + list(leases.values())
    found = draw(st.sampled_from([[]] * 3 + [["restored"], ["restoring"], ["creating"]]))
    clusters = [cluster(TARGET), *(_cluster(kind, draw(st.sampled_from(ORIGINS))) for kind in found)]
    shared = {one["DBClusterSnapshotArn"]: ("210987654321",) for one in made.values() if draw(st.integers(0, 3)) == 2}
    return Drawn(list(made.values()), clusters, items, shared)


def _cluster(kind: str, origin: str) -> Boto:
    tags = {"restored": {"source_snapshot_arn": origin, "restored": "x"}, "restoring": {"source_snapshot_arn": origin}}
    return cluster("beside", "creating" if kind == "creating" else "available", **tags.get(kind, {}))


rule_sets = st.builds(
    Rules, st.integers(0, 3), st.sampled_from([0.0, 3.0, 7.0]), st.integers(0, 3), st.sampled_from([0.0, 7.0, 30.0]),
    st.sampled_from([0.0, 24.0, 36.0]), st.booleans(),
)  # fmt: skip


# ---- the sentences


def tags_of(one: Boto) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in one["TagList"]}


def days_old(one: Boto) -> float:
    return float((NOW - one["SnapshotCreateTime"]) / timedelta(days=1))


def is_our_copy(one: Boto) -> bool:
    """A copy that says in its tag what AWS says of it."""
    origin = one.get("SourceDBClusterSnapshotArn")
    return origin is not None and tags_of(one).get("aurora-restore:source-snapshot-arn") == origin


def is_our_final(one: Boto) -> bool:
    """No copy, with the tag of an operation, and named after that one."""
    key = tags_of(one).get("aurora-restore:operation-id")
    name = f"{one['DBClusterIdentifier']}-final-{key[-8:].lower()}" if key else None
    return "SourceDBClusterSnapshotArn" not in one and one["DBClusterSnapshotIdentifier"] == name


def is_of_this_host(one: Boto) -> bool:
    if is_our_copy(one):
        return f":{AWAY}:{ACCOUNT}:" in one["SourceDBClusterSnapshotArn"] and one["DBClusterIdentifier"] == SOURCE
    return is_our_final(one) and one["DBClusterIdentifier"] == TARGET


def siblings(one: Boto, drawn: Drawn) -> list[Boto]:
    """The available ones of the same kind, owner and (copies) key."""

    def alike(other: Boto) -> bool:
        same_key = other["KmsKeyId"] == one["KmsKeyId"] or not is_our_copy(one)
        return is_our_copy(other) == is_our_copy(one) and same_key and is_of_this_host(other)

    return [other for other in drawn.snapshots if other["Status"] == "available" and alike(other)]


def is_young(key: str, said: Rules) -> bool:
    return BEGAN[key] * 24 < said.minimum_age_hours


def unfinished(drawn: Drawn, said: Rules) -> list[tuple[Mapping[str, Any], str]]:
    """Operation items (nothing where there is none) and all that is recorded of them."""
    held = {item["held_by"] for item in drawn.items if item["step"] == "#lease"}
    found = []
    for key in OPERATIONS:
        items = [item for item in drawn.items if item["operation_id"] == key]
        own = next((item for item in items if item["step"] == "#operation"), None)
        alive = own is not None and own["status"] not in ("succeeded", "aborted", "abandoned")
        young = own is None and bool(items) and is_young(key, said)
        if key in held or alive or young:
            found.append(({"operation_id": key, **(own or {})}, repr(items)))
    return found


def is_in_use(one: Boto, drawn: Drawn, said: Rules) -> bool:
    named = [
        one["DBClusterSnapshotIdentifier"],
        one["DBClusterSnapshotArn"],
        one.get("SourceDBClusterSnapshotArn", "-"),
    ]
    for own, recorded in unfinished(drawn, said):
        if own["operation_id"] == tags_of(one).get("aurora-restore:operation-id"):
            return True
        if any(f"'{name}'" in recorded for name in named):
            return True
        source = (own.get("source") or {}).get("cluster_id", SOURCE)
        if is_our_copy(one) and not own.get("snapshot") and source == one["DBClusterIdentifier"]:
            return True
    return False


def is_being_restored(one: Boto, drawn: Drawn) -> bool:
    for found in drawn.clusters:
        tags = tags_of(found)
        origin = tags.get("aurora-restore:source-snapshot-arn")
        if origin is None and found["Status"] == "creating":
            return True
        mine = (one["DBClusterSnapshotArn"], one.get("SourceDBClusterSnapshotArn", "-"))
        if origin in mine and "aurora-restore:restored" not in tags:
            return True
    return False


def is_being_copied(one: Boto, drawn: Drawn) -> bool:
    made = [
        other for other in drawn.snapshots if other.get("SourceDBClusterSnapshotArn") == one["DBClusterSnapshotArn"]
    ]
    return any(other["Status"] in ("copying", "creating") for other in made)


def may_go(one: Boto, drawn: Drawn, said: Rules) -> bool:
    """Every sentence about what is never deleted, one after the other."""
    if one["SnapshotType"] != "manual" or not is_of_this_host(one):
        return False
    if one["Status"] not in ("available", "failed") or is_in_use(one, drawn, said) or is_being_restored(one, drawn):
        return False
    if is_being_copied(one, drawn) or (not said.shared and one["DBClusterSnapshotArn"] in drawn.shared):
        return False
    if days_old(one) * 24 < said.minimum_age_hours:
        return False
    if one["Status"] == "failed":
        return True
    keep = said.keep_copies if is_our_copy(one) else said.keep_final_snapshots
    after = said.copies_older_than_days if is_our_copy(one) else said.final_snapshots_older_than_days
    names = sorted(((days_old(other), other["DBClusterSnapshotIdentifier"]) for other in siblings(one, drawn)),
                   key=lambda pair: (-pair[0], pair[1]), reverse=True)  # fmt: skip
    place = [name for _days, name in names].index(one["DBClusterSnapshotIdentifier"])
    return place >= max(1, keep) and days_old(one) > after


def expired(drawn: Drawn, said: Rules) -> set[str]:
    """Finished operations of this target whose time has passed, and what is left of lost ones."""
    held = {item["held_by"] for item in drawn.items if item["step"] == "#lease"}
    found = set()
    for key in OPERATIONS:
        items = [item for item in drawn.items if item["operation_id"] == key]
        own = next((item for item in items if item["step"] == "#operation"), None)
        if not items or key in held:
            continue
        if own is None:
            found |= set() if is_young(key, said) else {key}
        elif own["status"] in ("succeeded", "aborted", "abandoned") and own["target"] == TARGET_KEY:
            found |= {key} if own.get("expires_at", NOW.timestamp()) < NOW.timestamp() else set()
    return found


def gone(drawn: Drawn, said: Rules) -> set[str]:
    """Names of snapshots and operations that go."""
    return {item.name for item in rules.decide(drawn.world(), said) if item.verdict == "delete"}


# ---- what holds in all worlds


def assert_a_good_one_of_each_kind_stays(drawn: Drawn, deleted: set[str]) -> None:
    for one in drawn.snapshots:
        good = siblings(one, drawn)
        if is_of_this_host(one) and good:
            newest = max(other["SnapshotCreateTime"] for other in good)
            left = [other for other in good if other["DBClusterSnapshotIdentifier"] not in deleted]
            assert newest in [other["SnapshotCreateTime"] for other in left]


def after(drawn: Drawn, deleted: set[str]) -> Drawn:
    return replace(
        drawn,
        snapshots=[one for one in drawn.snapshots if one["DBClusterSnapshotIdentifier"] not in deleted],
        items=[item for item in drawn.items if item["operation_id"] not in deleted],
    )


SEEN: set[tuple[str, str]] = set()


@settings(max_examples=160, derandomize=True, deadline=None, database=None)
@given(worlds(), rule_sets, st.sampled_from(["keep_copies", "keep_final_snapshots"]), st.integers(1, 3))
def test_worlds(drawn: Drawn, said: Rules, which: str, more: int) -> None:
    found = rules.decide(drawn.world(), said)
    deleted = {item.name for item in found if item.verdict == "delete"}
    SEEN.update((item.kind, item.verdict) for item in found)

    # Exactly what no sentence protects goes.
    wanted = {one["DBClusterSnapshotIdentifier"] for one in drawn.snapshots if may_go(one, drawn, said)}
    assert deleted == wanted | expired(drawn, said)
    assert_a_good_one_of_each_kind_stays(drawn, deleted)
    # A second run finds nothing more.
    assert gone(after(drawn, deleted), said) == set()
    # Whoever keeps more loses no more; neither does who allows less.
    assert gone(drawn, replace(said, **{which: getattr(said, which) + more})) <= deleted
    assert gone(drawn, replace(said, shared=False, minimum_age_hours=said.minimum_age_hours + 12 * more)) <= deleted
    # However an operation stands that begins meanwhile: with it, no more goes than without.
    begun = replace(drawn, items=[*drawn.items, operation(ulid(7, 0.01), "running")])
    assert gone(begun, said) <= deleted


def test_the_worlds_had_something_in_them() -> None:
    """Of each kind some went and some stayed: else the test above would prove little."""
    if not SEEN:
        test_worlds()
    kinds = ("copy", "final snapshot", "operation")
    assert {(kind, verdict) for kind in kinds for verdict in ("delete", "keep")} | {("copy", "report")} <= SEEN
