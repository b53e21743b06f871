# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cleanup against the sandbox's RDS and a DynamoDB, and what may happen between its look and its calls."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import in_process
import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils import _aws
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup import acting, calls, rules
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.looking import (
    LONGEST_LOOK,
    Desk,
    FreshLook,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import DELETE, Decision, Place, Rules
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError, RunnerGone, StateError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Poller
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import to_item
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.ulid import new_ulid
from botocore.exceptions import ClientError
from in_process import ACCOUNT, AWAY, HOME, OTHER_ACCOUNT, Aws

SETTINGS = Rules(1, 0, 1, 0, minimum_age_hours=0)
TARGET = f"{ACCOUNT}/{HOME}/shop"
KEYS = {"operation_id": "HASH", "step": "RANGE"}
tables = itertools.count()


class Time:
    """The clock of look and poller."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Site:
    """Two copies and two final snapshots of ours, and foreign snapshots around them."""

    def __init__(self, aws: Aws) -> None:
        self.aws, self.time = aws, Time()
        self.before_delete: list[Callable[[str], None]] = []
        self.operations = [new_ulid(), new_ulid()]
        self._table()
        self.source = aws.away()
        aws.cluster("shop")
        for number, operation in enumerate(self.operations):
            self.copy(f"copy-{number}", operation)
            self.final(operation)
            self.put(operation_id=operation, step="#operation", status="succeeded", target=TARGET, source=self.where)
        aws.snapshot("shop", "by-hand")
        aws.snapshot("shop", "shop-final-00000000", Tags=[{"Key": "team", "Value": "shop"}])
        inherited = [{"Key": "aurora-restore:operation-id", "Value": self.operations[0]}]
        aws.snapshot("shop", "inherited", Tags=inherited)
        aws.copy(self.source, "their-copy")
        aws.settle()

    where = {"account": ACCOUNT, "region": AWAY, "cluster_id": "production"}  # noqa: RUF012

    def _table(self) -> None:
        self.table, self.dynamodb = f"cleanup-{next(tables)}", self.aws.client("dynamodb")
        self.dynamodb.create_table(
            TableName=self.table, BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in KEYS.items()],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in KEYS],
        )  # fmt: skip

    def put(self, **item: Any) -> None:
        self.dynamodb.put_item(TableName=self.table, Item=to_item(item))

    def copy(self, name: str, operation: str) -> None:
        arn = self.source["DBClusterSnapshotArn"]
        tags = {"aurora-restore:source-snapshot-arn": arn, "aurora-restore:operation-id": operation}
        if not hasattr(self, "key"):
            self.key = self.aws.key()
        made = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.aws.copy(self.source, name, Tags=made, KmsKeyId=self.key)
        self.aws.settle()

    def final(self, operation: str) -> None:
        tags = [{"Key": "aurora-restore:operation-id", "Value": operation}]
        self.aws.snapshot("shop", f"shop-final-{operation[-8:].lower()}", Tags=tags)

    @functools.cached_property
    def once(self) -> Any:
        """A client of its own, so that what a test does before its calls is gone with it."""
        client = in_process._client.__wrapped__("rds", HOME, ACCOUNT)
        client.meta.events.register_first("before-send.rds.DeleteDBClusterSnapshot", self._before_delete)
        return client

    def _before_delete(self, request: Any, **_event: Any) -> None:
        for act in list(self.before_delete):
            act(request.body.decode() if isinstance(request.body, bytes) else str(request.body))

    def desk(self, watch: Callable[[], None] = lambda: None) -> Desk:
        fresh = FreshLook(watch, self.time.monotonic)
        self.before_delete.append(lambda _body: fresh.last_check())
        source, target = Place(ACCOUNT, AWAY, "production"), Place(ACCOUNT, HOME, "shop")
        return Desk(self.aws.rds, self.once, self.dynamodb, self.table, source, target, fresh, self.now)

    def now(self) -> datetime:
        return self.aws.clock.now() + timedelta(minutes=1)

    def decide(self, desk: Desk) -> list[Decision]:
        return rules.decide(desk.look(SETTINGS), SETTINGS)

    def apply(self, desk: Desk, decided: list[Decision]) -> acting.Outcome:
        return acting.apply(desk, decided, SETTINGS, Poller(60, 5, lambda status, percent: None, self.time))

    @property
    def snapshots(self) -> set[str]:
        found = self.aws.rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
        return {item["DBClusterSnapshotIdentifier"] for item in found}

    @property
    def items(self) -> list[dict[str, Any]]:
        return calls.scan_items(self.dynamodb, self.table)


FOREIGN = {"by-hand", "shop-final-00000000", "inherited", "their-copy"}


@pytest.fixture
def site(aws: Aws) -> Iterator[Site]:
    made = Site(aws)
    yield made
    made.dynamodb.delete_table(TableName=made.table)


def names(decided: list[Decision], verdict: str = DELETE) -> set[str]:
    return {item.name for item in decided if item.verdict == verdict}


def test_the_older_ones_go_and_foreign_ones_stay(site: Site) -> None:
    first, second = (f"shop-final-{operation[-8:].lower()}" for operation in site.operations)
    desk = site.desk()
    decided = site.decide(desk)
    assert names(decided) == {"copy-0", first}
    assert names(decided, "keep") == {"copy-1", second, *site.operations}
    outcome = site.apply(desk, decided)
    assert [item.name for item in outcome.deleted] == ["copy-0", first]
    assert (outcome.kept, outcome.failed) == ([], [])
    assert site.snapshots == FOREIGN | {"copy-1", second}
    assert names(site.decide(desk)) == set()


def test_an_operation_that_begins_meanwhile_keeps_its_copy(site: Site) -> None:
    desk = site.desk()
    decided = site.decide(desk)
    begun = new_ulid()
    site.put(operation_id=begun, step="#operation", status="running", target="another/target/x", source=site.where)
    outcome = site.apply(desk, decided)
    (kept,) = outcome.kept
    assert kept.name == "copy-0"
    assert kept.reason.startswith(f"meanwhile it may be wanted by operation {begun}")
    assert "copy-0" in site.snapshots
    assert len(outcome.deleted) == 1, "a final snapshot is not what a restore needs"


def test_what_is_gone_shared_or_replaced_meanwhile(site: Site) -> None:
    desk = site.desk()
    decided = site.decide(desk)
    final = next(name for name in names(decided) if name != "copy-0")
    site.aws.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy-0")
    site.aws.rds.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier=final, AttributeName="restore", ValuesToAdd=[OTHER_ACCOUNT]
    )
    outcome = site.apply(desk, decided)
    assert [(item.name, item.reason) for item in outcome.deleted] == [("copy-0", "it is gone already")]
    assert [(item.name, item.reason) for item in outcome.kept] == [
        (final, f"meanwhile it is shared with {OTHER_ACCOUNT}")
    ]
    assert names(site.decide(desk)) == set(), "the look asks for the sharing, too"


def test_another_snapshot_under_the_same_name_stays(site: Site) -> None:
    desk = site.desk()
    decided = site.decide(desk)
    site.aws.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy-0")
    site.aws.settle()
    site.aws.pass_time(60)
    site.copy("copy-0", site.operations[0])
    kept = {item.name: item.reason for item in site.apply(desk, decided).kept}
    assert kept == {"copy-0": "meanwhile another snapshot has its name"}
    assert "copy-0" in site.snapshots


def test_a_copy_whose_tags_are_taken_away_stays(site: Site) -> None:
    desk = site.desk()
    decided = site.decide(desk)
    arn = next(item.arn for item in decided if item.name == "copy-0")
    site.aws.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["aurora-restore:source-snapshot-arn"])
    (kept,) = site.apply(desk, decided).kept
    assert (kept.name, kept.reason) == ("copy-0", "meanwhile its tags are not this collection's any more")


def test_one_that_goes_between_the_last_look_and_the_call(site: Site) -> None:
    desk = site.desk()
    decided = [item for item in site.decide(desk) if item.name == "copy-0"]
    site.before_delete.append(
        lambda _body: site.aws.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy-0")
    )
    outcome = site.apply(desk, decided)
    assert [item.reason for item in outcome.deleted] == ["it is gone already"]


def test_a_process_that_stood_still_looks_again(site: Site) -> None:
    """Between look and call an operation has begun, and so much time has passed that it may rely on the copy."""
    slept: list[str] = []

    def sleep(body: str) -> None:
        if not slept:
            slept.append(body)
            site.time.now += LONGEST_LOOK + 1
            site.put(operation_id=new_ulid(), step="#operation", status="running", source=site.where)

    site.before_delete.append(sleep)
    desk = site.desk()
    decided = [item for item in site.decide(desk) if item.name == "copy-0"]
    outcome = site.apply(desk, decided)
    assert "copy-0" in slept[0]
    assert [item.name for item in outcome.kept] == ["copy-0"]
    assert "copy-0" in site.snapshots


def test_a_denied_call_is_told_and_the_rest_goes_on(site: Site) -> None:
    denied = ClientError(
        {"Error": {"Code": "AccessDenied", "Message": "not authorized"}, "ResponseMetadata": {"HTTPStatusCode": 403}},
        "DeleteDBClusterSnapshot",
    )

    def deny(body: str) -> None:
        if "copy-0" in body:
            raise denied

    site.before_delete.append(deny)
    desk = site.desk()
    outcome = site.apply(desk, site.decide(desk))
    assert len(outcome.deleted) == 1
    error = acting.incomplete(outcome)
    done = outcome.deleted[0].name
    assert str(error).startswith(
        f"The cleanup is not complete. Deleted: {done}. Not deleted: copy copy-0: DeleteDBClusterSnapshot failed on"
        " copy-0: AccessDenied: not authorized."
    )
    assert (error.kind, error.code, error.action, error.resumes) == (
        "incomplete", "AccessDenied", "DeleteDBClusterSnapshot", True,
    )  # fmt: skip
    site.before_delete.remove(deny)
    again = site.decide(desk)
    assert names(again) == {"copy-0"}
    assert [item.name for item in site.apply(desk, again).deleted] == ["copy-0"]


def test_a_throttled_call_is_made_again_after_another_look(site: Site) -> None:
    slow = ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "DeleteDBClusterSnapshot")
    left = [slow, slow]

    def throttle(_body: str) -> None:
        if left:
            raise left.pop()

    site.before_delete.append(throttle)
    desk = site.desk()
    assert len(site.apply(desk, site.decide(desk)).deleted) == 2


def test_nothing_is_deleted_when_nobody_is_there_any_more(site: Site) -> None:
    def gone() -> None:
        raise RunnerGone("gone")

    desk = site.desk(gone)
    with pytest.raises(RunnerGone):
        site.apply(desk, site.decide(desk))
    assert "copy-0" in site.snapshots


def test_nothing_is_decided_without_the_table(site: Site) -> None:
    desk = site.desk()
    site.put(operation_id=new_ulid(), step="#operation", schema=99)
    with pytest.raises(StateError, match="newer version"):
        site.decide(desk)
    missing = Desk(**{**vars(desk), "table": "nowhere"})
    with pytest.raises(AwsError, match="ResourceNotFoundException"):
        site.decide(missing)


def test_it_looks_again_only_when_the_look_is_fresh() -> None:
    time = Time()
    fresh = FreshLook(lambda: None, time.monotonic)
    with pytest.raises(_aws.RestoreError, match="too long ago"):
        fresh.last_check()
    fresh.begin()
    time.now += LONGEST_LOOK
    fresh.last_check()
    time.now += 0.1
    with pytest.raises(_aws.RestoreError, match=r"10 seconds, more than 10"):
        fresh.last_check()


# ---- the state table


def expired_operation(site: Site, steps: int, status: str = "aborted") -> str:
    key = new_ulid()
    for number in range(steps):
        site.put(operation_id=key, step=f"#audit#{number:03d}")
    site.put(operation_id=key, step="#operation", status=status, target=TARGET, expires_at=1)
    return key


def test_expired_operations_go_with_all_of_their_items(site: Site) -> None:
    """More of them than one transaction takes; leases, latest and the rest of the table stay."""
    key, small = expired_operation(site, 120), expired_operation(site, 1)
    site.put(operation_id=f"target#{TARGET}", step="#lease", held=False, held_by=key, expires_at=1)
    site.put(operation_id=f"target#{TARGET}", step="#latest", last_operation_id=key, expires_at=1)
    other = len(site.items) - 121 - 2
    desk = site.desk()
    decided = [item for item in site.decide(desk) if item.name in (key, small)]
    assert {item.name: (item.verdict, item.items) for item in decided} == {key: (DELETE, 121), small: (DELETE, 2)}
    outcome = site.apply(desk, decided)
    assert {item.name: item.items for item in outcome.deleted} == {key: 121, small: 2}
    assert len(site.items) == other
    assert [item.reason for item in site.apply(desk, decided).deleted] == ["it is gone already"] * 2


def test_what_is_left_of_an_operation_goes_as_well(site: Site) -> None:
    key = new_ulid(milliseconds=1_600_000_000_000)
    site.put(operation_id=key, step="preflight")
    desk = site.desk()
    outcome = site.apply(desk, site.decide(desk))
    assert key in [item.name for item in outcome.deleted]
    assert not [item for item in site.items if item["operation_id"] == key]


def test_an_operation_that_somebody_goes_on_with_stays(site: Site) -> None:
    resumed, taken = expired_operation(site, 2, "abandoned"), expired_operation(site, 2, "abandoned")
    desk = site.desk()
    decided = [item for item in site.decide(desk) if item.name in (resumed, taken)]
    assert names(decided) == {resumed, taken}
    site.put(operation_id=resumed, step="#operation", status="running", target=TARGET, expires_at=1)
    site.put(operation_id=f"target#{TARGET}", step="#lease", held=True, held_by=taken)
    outcome = site.apply(desk, decided)
    assert {item.name: item.reason for item in outcome.kept} == {
        resumed: "meanwhile it is unfinished (running)",
        taken: f"meanwhile it holds the lease of {TARGET}",
    }
    assert len([item for item in site.items if item["operation_id"] in (resumed, taken)]) == 6


def test_the_writes_themselves_depend_on_the_operation(site: Site) -> None:
    """Changed after the last look at it, the operation and all that belongs to it stay."""
    key = expired_operation(site, 3, "abandoned")
    items = calls.query_items(site.dynamodb, site.table, key)
    site.put(operation_id=key, step="#operation", status="running", target=TARGET, expires_at=1)
    with pytest.raises(calls.state_table.ConditionFailed):
        calls.delete_operation(site.dynamodb, site.table, key, items)
    assert len(calls.query_items(site.dynamodb, site.table, key)) == 4
    with pytest.raises(calls.state_table.ConditionFailed):
        calls.delete_operation(site.dynamodb, site.table, key, [item for item in items if item["step"] != "#operation"])
    assert len(calls.query_items(site.dynamodb, site.table, key)) == 4
