# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resuming, abandoning, expiring and unlocking, against a DynamoDB table."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    BadInput,
    LeaseLost,
    Refused,
    RunnerGone,
    StateError,
    Unreachable,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import closing
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import journal as journals
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import operation as operations
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.previous import (
    others_with_snapshot,
    read_operation,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    lease_key,
    merged_result,
    operation_key,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.unlocking import unlock
from state_world import TARGET, FakeClock, owner, poller, start_of

CONFIGURATION = {"engine": "aurora-postgresql", "instances": [{"db_instance_class": "db.r6g.large"}]}
SNAPSHOT = {"db_cluster_snapshot_identifier": "s", "db_cluster_snapshot_arn": "arn:s"}


def begin(client: Any, table: str, clock: FakeClock, **more: Any) -> operations.Started:
    return operations.start(client, start_of(table, clock, **more), poller(clock))


def dead(_other: Any, _here: Any) -> bool:
    return True


def journal_of(client: Any, operation: Any, clock: FakeClock, step: str = "cluster_delete") -> Any:
    return journals.OperationJournal(lambda: client, operation, step, lambda: None, clock.monotonic)


def broken_off(client: Any, table: str, clock: FakeClock) -> dict[str, Any]:
    """An operation whose run ended while it deleted the target."""
    first = begin(client, table, clock).operation
    values = {"status": "succeeded", "configuration": CONFIGURATION, "replaced": {"resource_id": "cluster-OLD"}}
    operations.record(client, first, "preflight", values)
    operations.record(client, first, "snapshot_check", {"status": "succeeded", "snapshot": SNAPSHOT})
    operations.record(client, first, "cluster_delete", {"status": "running"})
    with journal_of(client, first, clock).call("DeleteDBInstance", "shop-staging-1"):
        pass
    return first


def audit_of(client: Any, table: str, operation_id: str) -> list[dict[str, Any]]:
    items = state_table.query_operation(client, table, operation_id)
    return sorted((item for item in items if item["step"].startswith("#audit#")), key=lambda item: str(item["step"]))


def test_the_same_operation_goes_on(client: Any, table: str, clock: FakeClock) -> None:
    first = broken_off(client, table, clock)
    again = begin(client, table, clock, by=owner(pid=12), dead=dead)
    assert again.operation["id"] == first["id"]
    assert again.operation["fence"] == 2
    assert again.operation["step"] == "cluster_delete", "the step that it had ended in"
    assert again.resumed is not None
    assert again.resumed["attempt"] == 2
    assert again.resumed["snapshot"] == SNAPSHOT
    assert again.resumed["replaced"] == {"resource_id": "cluster-OLD"}
    assert again.resumed["steps"]["cluster_delete"]["status"] == "running"
    assert again.previous is not None
    assert again.previous["configuration"] == CONFIGURATION
    item = read_operation(client, table, first["id"])
    assert item is not None
    assert (item["status"], item["attempt"], item["fence"], item["error"]) == ("running", 2, 2, None)
    with pytest.raises(LeaseLost):
        operations.record(client, first, "cluster_delete", {"status": "running"})
    events = [event["event"] for event in audit_of(client, table, first["id"])]
    assert events == ["started", "step", "step", "step", "intent", "call", "resumed"]
    resumed_by = audit_of(client, table, first["id"])[-1]["by"]
    assert resumed_by == again.operation["owner"]


def test_a_failed_operation_goes_on_too_and_its_report_counts_from_the_start(
    client: Any, table: str, clock: FakeClock
) -> None:
    first = broken_off(client, table, clock)
    before = closing.finish(client, first, "failed", {"message": "No.", "step": "cluster_delete"})
    again = begin(client, table, clock).operation
    assert again["id"] == first["id"]
    report = closing.finish(client, again, "succeeded", None)
    assert report["started_at"] == before["started_at"]
    assert report["error"] is None
    assert begin(client, table, clock).operation["id"] != first["id"]


def test_before_anything_was_removed_the_replaced_cluster_is_looked_at_anew(
    client: Any, table: str, clock: FakeClock
) -> None:
    first = begin(client, table, clock).operation
    values = {"status": "succeeded", "configuration": CONFIGURATION, "replaced": {"resource_id": "cluster-OLD"}}
    operations.record(client, first, "preflight", values)
    with journal_of(client, first, clock, "snapshot_copy").call("CopyDBClusterSnapshot", "copy"):
        pass
    again = begin(client, table, clock, dead=dead)
    assert again.resumed is not None
    assert again.resumed["begun"] is True
    assert again.resumed["replaced"] is None


def test_new_inputs_count_while_nothing_is_begun(client: Any, table: str, clock: FakeClock) -> None:
    first = begin(client, table, clock).operation
    operations.record(client, first, "snapshot_check", {"status": "succeeded", "snapshot": SNAPSHOT})
    closing.finish(client, first, "failed", {"message": "No."})
    again = begin(client, table, clock, inputs={"snapshot_id": "another"})
    assert again.operation["id"] == first["id"]
    assert again.resumed is not None
    assert again.resumed["snapshot"] is None
    item = read_operation(client, table, first["id"])
    assert item is not None
    assert item["inputs"] == {"snapshot_id": "another"}


def test_new_inputs_are_refused_after_that_and_nothing_is_written(client: Any, table: str, clock: FakeClock) -> None:
    first = broken_off(client, table, clock)
    before = client.scan(TableName=table)["Items"]
    with pytest.raises(Refused, match="final_snapshot was before, is none"):
        begin(client, table, clock, dead=dead, inputs={"final_snapshot": "none"})
    assert client.scan(TableName=table)["Items"] == before
    fresh = begin(client, table, clock, dead=dead, inputs={"final_snapshot": "none"}, resume="never")
    assert fresh.operation["id"] != first["id"]
    assert fresh.resumed is None
    assert fresh.previous is not None
    assert fresh.previous["configuration"] == CONFIGURATION


def test_an_abandoned_operation_can_be_asked_for(client: Any, table: str, clock: FakeClock) -> None:
    first = broken_off(client, table, clock)
    second = begin(client, table, clock, dead=dead, resume="never").operation
    closing.finish(client, second, "failed", {"message": "No."})
    again = begin(client, table, clock, operation_id=first["id"])
    assert again.operation["id"] == first["id"]
    item = read_operation(client, table, second["id"])
    assert item is not None
    assert item["status"] == "abandoned"
    assert item["error"]["message"] == "No.", "why it failed stays"


def test_planning_a_resume_writes_nothing(client: Any, table: str, clock: FakeClock) -> None:
    first = broken_off(client, table, clock)
    before = client.scan(TableName=table)["Items"]
    planned = operations.plan(client, start_of(table, clock, dead=dead), wait=False)
    assert planned.operation["id"] == first["id"]
    assert planned.operation["fence"] == 0
    assert planned.resumed is not None
    assert client.scan(TableName=table)["Items"] == before


def test_unknown_and_foreign_ids(client: Any, table: str, clock: FakeClock) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        begin(client, table, clock, operation_id="01KATR0M6QXV8H2Z5J3N4P7S9T")
    other = begin(client, table, clock, target="1/us-west-2/other").operation
    with pytest.raises(BadInput, match="is one of 1/us-west-2/other"):
        begin(client, table, clock, operation_id=other["id"])


# ---- expiry


def expiries(client: Any, table: str, operation_id: str) -> set[Any]:
    return {item.get("expires_at") for item in state_table.query_operation(client, table, operation_id)}


@pytest.mark.parametrize("status", ["succeeded", "aborted"])
def test_what_is_finished_expires_as_a_whole(client: Any, table: str, clock: FakeClock, status: str) -> None:
    operation = broken_off(client, table, clock)
    assert expiries(client, table, operation["id"]) == {None}
    closing.finish(client, operation, status, None)
    (when,) = expiries(client, table, operation["id"])
    assert 89.9 < (when - time.time()) / 86400 < 90.1
    lease = state_table.get_item(client, table, lease_key(TARGET))
    assert lease is not None
    assert "expires_at" not in lease


def test_what_can_be_resumed_does_not_expire_until_it_is_abandoned(client: Any, table: str, clock: FakeClock) -> None:
    operation = broken_off(client, table, clock)
    closing.finish(client, operation, "failed", {"message": "No."})
    assert expiries(client, table, operation["id"]) == {None}
    begin(client, table, clock, resume="never")
    (when,) = expiries(client, table, operation["id"])
    assert when is not None


def test_what_was_abandoned_and_is_resumed_after_all_stays(client: Any, table: str, clock: FakeClock) -> None:
    first = broken_off(client, table, clock)
    begin(client, table, clock, dead=dead, resume="never")
    assert None not in expiries(client, table, first["id"])
    again = begin(client, table, clock, dead=dead, operation_id=first["id"]).operation
    assert again["id"] == first["id"]
    assert expiries(client, table, first["id"]) == {None}
    closing.finish(client, again, "succeeded", None)
    assert None not in expiries(client, table, first["id"])


def test_kept_for_ever_when_asked(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock, retention_days=0).operation
    closing.finish(client, operation, "succeeded", None)
    assert expiries(client, table, operation["id"]) == {None}


def test_more_items_than_one_transaction_takes_expire_too(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    for number in range(120):
        part = journals.audit_part(operation, "call", name="snapshot_copy", outcome=str(number))
        state_table.transact(client, table, [part], f"token-{number}")
    closing.finish(client, operation, "succeeded", None)
    assert None not in expiries(client, table, operation["id"])


def test_expired_items_are_not_read(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    closing.finish(client, operation, "succeeded", None)
    past = {"expires_at": int(time.time()) - 60}
    for item in state_table.query_operation(client, table, operation["id"]):
        key = {name: item[name] for name in ("operation_id", "step")}
        state_table.update_item(client, table, state_table.update(table, key, past))
    assert read_operation(client, table, operation["id"]) is None
    assert begin(client, table, clock).previous is None


def test_items_of_a_newer_version_are_refused(client: Any, table: str, clock: FakeClock) -> None:
    operation = broken_off(client, table, clock)
    for key in (operation_key(operation["id"]), lease_key(TARGET)):
        client.update_item(**state_table.update(table, key, {"schema": 2})["Update"])
        with pytest.raises(StateError, match=r"written by a newer version of dbops\.aurora_restore"):
            begin(client, table, clock, dead=dead)


# ---- the journal


def test_outcome_of_each_call_is_in_the_audit_trail(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    journal = journal_of(client, operation, clock)
    with journal.call("StartDBCluster", "shop-staging"):
        pass
    with pytest.raises(AwsError), journal.call("DeleteDBCluster", "shop-staging"):
        raise AwsError("no", code="InvalidDBClusterStateFault")
    told = [
        (item["event"], item.get("action") or (item.get("intent") or {}).get("action"), item.get("outcome"))
        for item in audit_of(client, table, operation["id"])[1:]
    ]
    assert told == [
        ("intent", "StartDBCluster", None),
        ("call", "StartDBCluster", "done"),
        ("intent", "DeleteDBCluster", None),
        ("call", "DeleteDBCluster", "InvalidDBClusterStateFault"),
    ]


def test_a_call_repeated_in_vain_is_there_once(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    journal = journal_of(client, operation, clock)
    for _turn in range(5):
        with pytest.raises(AwsError), journal.call("CopyDBClusterSnapshot", "copy"):
            raise AwsError("no slot", code="SnapshotQuotaExceeded")
    with journal.call("CopyDBClusterSnapshot", "copy"):
        pass
    events = [item["event"] for item in audit_of(client, table, operation["id"])[1:]]
    assert events == ["intent", "call", "call"]


def test_a_call_whose_outcome_can_not_be_written_stops_the_run(
    client: Any, table: str, clock: FakeClock, monkeypatch: Any
) -> None:
    operation = begin(client, table, clock).operation
    journal = journal_of(client, operation, clock)

    def fail(*_args: Any) -> None:
        raise Unreachable("no answer")

    with pytest.raises(StateError, match="could not be written"), journal.call("DeleteDBInstance", "one"):
        monkeypatch.setattr(state_table, "_transact", fail)


@pytest.mark.parametrize(
    ("new", "merged"),
    [
        ({"action": "absent"}, {"action": "absent", "final_snapshot_id": "f", "first_destructive_at": "t1"}),
        ({"final_snapshot_id": None}, {"action": "deleted", "final_snapshot_id": "f", "first_destructive_at": "t1"}),
        (
            {"first_destructive_at": "t2"},
            {"action": "deleted", "final_snapshot_id": "f", "first_destructive_at": "t1"},
        ),
    ],
)
def test_a_later_attempt_hides_nothing_of_an_earlier_one(new: dict[str, Any], merged: dict[str, Any]) -> None:
    old = {"action": "deleted", "final_snapshot_id": "f", "first_destructive_at": "t1"}
    assert merged_result(old, new) == merged


# ---- the last check


def test_last_check_renews(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    journal_of(client, operation, clock).last_check()
    lease = operations.read_lease(client, table, TARGET)
    assert lease is not None
    assert lease.beat == 1


@pytest.mark.parametrize(("took", "beats"), [(14.0, 1), (16.0, 2)])
def test_a_long_lease_is_proven_anew_as_early_as_a_short_one(
    client: Any, table: str, clock: FakeClock, took: float, beats: int
) -> None:
    operation = begin(client, table, clock, lease_seconds=3600).operation
    times = iter([0.0, took, 100.0, 100.0])
    journals.OperationJournal(lambda: client, operation, "x", lambda: None, lambda: next(times)).last_check()
    lease = operations.read_lease(client, table, TARGET)
    assert lease is not None
    assert lease.beat == beats


def test_last_check_fails_when_the_lease_is_another_ones(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    second = begin(client, table, clock, dead=dead, resume="never").operation
    with pytest.raises(LeaseLost, match=second["id"]):
        journal_of(client, operation, clock).last_check()


def test_a_check_whose_answer_took_too_long_is_made_again(client: Any, table: str, clock: FakeClock) -> None:
    """The process slept between the write and its answer: meanwhile the lease may have run out."""
    operation = begin(client, table, clock).operation
    sleeps = [45.0]

    def sleepy() -> float:
        now = clock.monotonic()
        clock.sleep(sleeps.pop() if sleeps else 0)
        return now

    journals.OperationJournal(lambda: client, operation, "cluster_delete", lambda: None, sleepy).last_check()
    lease = operations.read_lease(client, table, TARGET)
    assert lease is not None
    assert lease.beat == 2


def test_last_check_sees_a_runner_that_goes_during_it(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation

    def gone() -> None:
        raise RunnerGone("gone")

    with pytest.raises(RunnerGone):
        journals.OperationJournal(lambda: client, operation, "x", gone, clock.monotonic).last_check()


# ---- unlocking


def break_it(client: Any, table: str, clock: FakeClock, holder: str, is_dead: Callable[..., bool], **more: Any) -> Any:
    here = more.pop("here", owner(pid=99, host="runner-2"))
    watch = poller(clock, timeout=45)
    return unlock(client, table, TARGET, holder, here, is_dead, watch, {"who": "arn:me"}, **more)


def alive(_other: Any, _here: Any) -> bool:
    return False


def test_a_silent_holder_of_another_host_loses_its_lease(client: Any, table: str, clock: FakeClock) -> None:
    first = broken_off(client, table, clock)
    began = clock.now
    broken = break_it(client, table, clock, "runner-1:11", alive)
    assert broken.operation_id == first["id"]
    assert clock.now - began >= 45
    with pytest.raises(LeaseLost):
        journal_of(client, first, clock).last_check()
    lease = operations.read_lease(client, table, TARGET)
    assert lease is not None
    assert (lease.held, lease.fence) == (False, 2)
    assert audit_of(client, table, first["id"])[-1]["event"] == "lease_broken"
    again = begin(client, table, clock, by=owner(pid=99, host="runner-2"))
    assert (again.operation["id"], again.operation["fence"]) == (first["id"], 3)


def test_a_watch_shorter_than_a_living_holders_silence_is_refused(client: Any, table: str, clock: FakeClock) -> None:
    broken_off(client, table, clock)
    with pytest.raises(BadInput, match="at least 20"):
        unlock(client, table, TARGET, "runner-1:11", owner(pid=9, host="h"), alive, poller(clock, timeout=19), {})


def test_a_dead_holder_needs_no_watch_and_check_mode_writes_nothing(client: Any, table: str, clock: FakeClock) -> None:
    broken_off(client, table, clock)
    began = clock.now
    assert break_it(client, table, clock, "runner-1:11", dead, check=True) is not None
    lease = operations.read_lease(client, table, TARGET)
    assert lease is not None
    assert lease.held
    assert break_it(client, table, clock, "runner-1:11", dead) is not None
    assert clock.now == began
    assert break_it(client, table, clock, "runner-1:11", dead) is None, "nobody holds it any more"


def test_another_holder_keeps_its_lease(client: Any, table: str, clock: FakeClock) -> None:
    broken_off(client, table, clock)
    with pytest.raises(Refused, match="is held by runner-1:11, not by runner-7:1"):
        break_it(client, table, clock, "runner-7:1", dead)


def test_a_living_process_of_this_machine_keeps_its_lease(client: Any, table: str, clock: FakeClock) -> None:
    broken_off(client, table, clock)
    with pytest.raises(Refused, match="is alive: process 11 of this machine"):
        break_it(client, table, clock, "runner-1:11", alive, here=owner(pid=99))


def test_a_sign_of_life_keeps_the_lease(client: Any, table: str, clock: FakeClock) -> None:
    first = broken_off(client, table, clock)
    real, seen = clock.sleep, []

    def beat_once(seconds: float) -> None:
        real(seconds)
        if not seen:
            seen.append(journals.renew(client, first))

    clock.sleep = beat_once  # type: ignore[method-assign]
    with pytest.raises(Refused, match="has just shown a sign of life"):
        break_it(client, table, clock, "runner-1:11", alive)
    journals.renew(client, first)


def test_who_shares_a_copy() -> None:
    this = {"operation_id": "A", "snapshot": SNAPSHOT, "status": "failed"}
    others = [
        this,
        {"operation_id": "B", "snapshot": SNAPSHOT, "status": "running"},
        {"operation_id": "C", "snapshot": SNAPSHOT, "status": "failed"},
        {"operation_id": "D", "snapshot": SNAPSHOT, "status": "succeeded"},
        {"operation_id": "E", "snapshot": {"db_cluster_snapshot_arn": "arn:t"}, "status": "running"},
        {"operation_id": "F", "status": "running"},
    ]
    assert others_with_snapshot(others, this) == ["B", "C"]
    assert others_with_snapshot(others, {"operation_id": "A"}) == []
