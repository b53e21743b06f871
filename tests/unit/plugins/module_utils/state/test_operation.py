# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations against a DynamoDB table: start, take-over, record, finish, and the journal of a module."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    LeaseLost,
    Refused,
    RunnerGone,
    StateError,
    Unreachable,
    WaitTimeout,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._journal import NoJournal
from ansible_collections.dbops.aurora_restore.plugins.module_utils._runner import Runner
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import closing, history
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import journal as journals
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import operation as operations
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.previous import delete_began
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.report import split_items
from state_world import TARGET, FakeClock, make_table, owner, poller, start_of

CONFIGURATION = {"engine": "aurora-postgresql", "instances": [{"db_instance_class": "db.r6g.large"}]}


def begin(client: Any, table: str, clock: FakeClock, **more: Any) -> operations.Started:
    return operations.start(client, start_of(table, clock, **more), poller(clock))


def items_of(client: Any, table: str, operation_id: str) -> tuple[Any, Any, Any]:
    return split_items(state_table.query_operation(client, table, operation_id))


def journal_of(client: Any, operation: dict[str, Any], clock: FakeClock, alive: bool = True) -> Any:
    def check() -> None:
        if not alive:
            raise RunnerGone("gone")

    return journals.OperationJournal(lambda: client, operation, "cluster_delete", check, clock.monotonic)


def test_start_writes_lease_operation_latest_and_audit(client: Any, table: str, clock: FakeClock) -> None:
    started = begin(client, table, clock, about={"who": "arn:me"})
    assert started.operation["fence"] == 1
    assert started.previous is None
    operation, steps, audit = items_of(client, table, started.operation["id"])
    assert operation["status"] == "running"
    assert operation["who"] == "arn:me"
    assert steps == []
    assert [item["event"] for item in audit] == ["started"]
    lease = operations.read_lease(client, table, TARGET)
    assert lease is not None
    assert (lease.held, lease.fence, lease.operation_id) == (True, 1, started.operation["id"])


def test_second_start_is_refused_and_says_by_whom(client: Any, table: str, clock: FakeClock) -> None:
    first = begin(client, table, clock)
    with pytest.raises(Refused, match=first.operation["id"]):
        begin(client, table, clock, by=owner(pid=12))


def test_start_after_finish_grows_the_fence(client: Any, table: str, clock: FakeClock) -> None:
    first = begin(client, table, clock)
    closing.finish(client, first.operation, "succeeded", None)
    second = begin(client, table, clock)
    assert second.operation["fence"] == 2
    assert second.previous is None


def test_take_over_of_a_dead_process_keeps_the_captured_configuration(
    client: Any, table: str, clock: FakeClock
) -> None:
    first = begin(client, table, clock).operation
    operations.record(client, first, "preflight", {"status": "running"})
    operations.record(client, first, "preflight", {"status": "succeeded", "configuration": CONFIGURATION})
    second = begin(client, table, clock, dead=lambda other, here: True, resume="never")
    assert second.previous is not None
    assert second.previous["configuration"] == CONFIGURATION
    assert second.previous["operations"] == [first["id"]]
    closed, _steps, _audit = items_of(client, table, first["id"])
    assert closed["status"] == "abandoned"
    assert closed["error"]["code"] == "abandoned"
    with pytest.raises(LeaseLost, match=second.operation["id"]):
        operations.record(client, first, "cluster_delete", {"status": "running"})
    with pytest.raises(LeaseLost):
        closing.finish(client, first, "failed", None)


@pytest.mark.parametrize(
    ("step", "began"),
    [
        ({}, False),
        ({"intent": {"action": "CreateDBClusterSnapshot"}}, False),
        ({"intent": {"action": "StartDBCluster"}}, False),
        ({"intent": {"action": "ModifyDBCluster"}}, True),
        ({"intent": {"action": "DeleteDBInstance"}}, True),
        ({"intent": {"action": "AddTagsToResource"}, "result": {"first_destructive_at": "2026-01-01T00:00:00Z"}}, True),
    ],
)
def test_what_counts_as_a_delete_that_has_begun(step: dict[str, Any], began: bool) -> None:
    assert delete_began(step) is began


def test_a_delete_that_had_begun_is_handed_on(client: Any, table: str, clock: FakeClock) -> None:
    first = begin(client, table, clock).operation
    operations.record(client, first, "cluster_delete", {"status": "running"})
    began = state_table.update(
        table, {"operation_id": first["id"], "step": "cluster_delete"}, {"intent": {"action": "DeleteDBInstance"}}
    )
    state_table.update_item(client, table, began)
    closing.finish(client, first, "failed", {"message": "No."})
    second = begin(client, table, clock, resume="never")
    assert second.previous is not None
    started = second.previous["started_at"]
    assert second.previous["deleting_since"] == started
    closing.finish(client, second.operation, "failed", {"message": "No."})
    third = begin(client, table, clock, resume="never")
    assert third.previous is not None
    assert third.previous["deleting_since"] == started


def test_configuration_is_handed_on_through_any_number_of_failures(client: Any, table: str, clock: FakeClock) -> None:
    first = begin(client, table, clock).operation
    operations.record(client, first, "preflight", {"status": "succeeded", "configuration": CONFIGURATION})
    closing.finish(client, first, "failed", {"message": "No."})
    second = begin(client, table, clock, resume="never").operation
    closing.finish(client, second, "failed", {"message": "No."})
    third = begin(client, table, clock, resume="never")
    assert third.previous is not None
    assert third.previous["configuration"] == CONFIGURATION
    assert third.previous["operations"] == [second["id"], first["id"]]
    closing.finish(client, third.operation, "succeeded", None)
    assert begin(client, table, clock).previous is None


def test_take_over_by_time_on_the_own_clock(client: Any, table: str, clock: FakeClock) -> None:
    begin(client, table, clock)
    began = clock.now
    second = operations.start(client, start_of(table, clock, owner(host="runner-2")), poller(clock, timeout=100))
    assert second.operation["fence"] == 2
    assert 60 <= clock.now - began < 70


def test_no_take_over_while_it_is_renewed(client: Any, table: str, clock: FakeClock) -> None:
    first = begin(client, table, clock).operation

    def beat(status: str, percent: int | None) -> None:
        journals.renew(client, first)

    waiting = operations.Poller(150, 10, beat, clock)
    with pytest.raises(WaitTimeout, match="held by operation"):
        operations.start(client, start_of(table, clock, owner(host="runner-2")), waiting)


def test_lost_race_is_seen_and_refused(client: Any, table: str, clock: FakeClock, monkeypatch: Any) -> None:
    """Somebody takes the lease between our look and our write."""
    real = state_table.transact
    others: list[str] = []

    def transact(*args: Any, **kwargs: Any) -> None:
        if not others:
            monkeypatch.setattr(state_table, "transact", real)
            others.append(begin(client, table, clock, by=owner(pid=99)).operation["id"])
        real(*args, **kwargs)

    monkeypatch.setattr(state_table, "transact", transact)
    with pytest.raises(Refused) as error:
        begin(client, table, clock)
    assert others[0] in str(error.value)


def test_an_own_write_whose_answer_was_lost_counts(client: Any, table: str, clock: FakeClock, monkeypatch: Any) -> None:
    real = state_table.transact

    def transact(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        raise state_table.ConditionFailed("the repeat failed on the first")

    monkeypatch.setattr(state_table, "transact", transact)
    assert begin(client, table, clock).operation["fence"] == 1


class OneCallAtATime:
    """DynamoDB decides conditional writes one after the other; the server under test does not."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.lock = threading.Lock()
        self.exceptions = client.exceptions

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.client, name)
        if name == "get_paginator":
            return real  # reads

        def call(**parameters: Any) -> Any:
            with self.lock:
                return real(**parameters)

        return call


@pytest.mark.parametrize("after", ["nothing", "release", "death"])
def test_of_many_that_start_at_once_one_wins(client: Any, table: str, clock: FakeClock, after: str) -> None:
    if after != "nothing":
        first = begin(client, table, clock, by=owner(pid=1000)).operation
        if after == "release":
            closing.finish(client, first, "succeeded", None)
    serial = OneCallAtATime(client)

    def run(pid: int) -> str | None:
        try:
            mine = start_of(table, clock, owner(pid=pid), dead=lambda other, here: other.pid == 1000)
            return str(operations.start(serial, mine, poller(clock)).operation["id"])
        except Refused:
            return None

    with ThreadPoolExecutor(8) as pool:
        won = [operation_id for operation_id in pool.map(run, range(1, 9)) if operation_id]
    assert len(won) == 1
    lease = operations.read_lease(client, table, TARGET)
    assert lease is not None
    assert lease.operation_id == won[0]
    assert lease.fence == (1 if after == "nothing" else 2)


def test_plan_writes_nothing(client: Any, table: str, clock: FakeClock) -> None:
    planned = operations.plan(client, start_of(table, clock), wait=False)
    assert planned.operation["fence"] == 0
    assert client.scan(TableName=table)["Count"] == 0
    begin(client, table, clock)
    with pytest.raises(Refused):
        operations.plan(client, start_of(table, clock), wait=False)
    assert "held by" in operations.plan(client, start_of(table, clock), wait=True).reason


@pytest.mark.parametrize("keys", [("operation_id",), ("step", "operation_id")])
def test_table_with_another_key_schema(client: Any, clock: FakeClock, keys: tuple[str, ...]) -> None:
    table = make_table(client, keys)
    with pytest.raises(StateError, match="aurora_restore_state_table to a new name and bootstrap it"):
        begin(client, table, clock)


def test_missing_table(client: Any, clock: FakeClock) -> None:
    with pytest.raises(StateError, match="state table nowhere does not exist in us-west-2"):
        begin(client, "nowhere", clock)


def test_steps_count_attempts_and_merge_results(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    operations.record(client, operation, "snapshot_copy", {"status": "running"})
    operations.record(client, operation, "snapshot_copy", {"status": "failed", "error": {"message": "x"}})
    again = operations.record(client, operation, "snapshot_copy", {"status": "running", "result": {"a": 1}})
    assert again["attempt"] == 2
    assert again["error"] is None
    done = operations.record(
        client, operation, "snapshot_copy", {"status": "succeeded", "changed": True, "result": {"b": 1.5}}
    )
    assert done["result"] == {"a": 1, "b": 1.5}
    _operation, (step,), audit = items_of(client, table, operation["id"])
    assert step["status"] == "succeeded"
    assert step["changed"] is True
    assert [item["event"] for item in audit] == ["started", "step", "step", "step", "step"]


def test_a_copy_does_not_replace_the_pinned_snapshot(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    source = {"db_cluster_snapshot_identifier": "s", "db_cluster_snapshot_arn": "arn:s", "tags": {"big": "x"}}
    copy = {"db_cluster_snapshot_identifier": "c", "source_db_cluster_snapshot_arn": "arn:s"}
    operations.record(client, operation, "snapshot_check", {"status": "succeeded", "snapshot": source})
    operations.record(client, operation, "snapshot_copy", {"status": "succeeded", "snapshot": copy})
    known, _steps, _audit = items_of(client, table, operation["id"])
    assert known["snapshot"] == {"db_cluster_snapshot_identifier": "s", "db_cluster_snapshot_arn": "arn:s"}


def test_finish_releases_closes_running_steps_and_reports(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    operations.record(client, operation, "cluster_restore", {"status": "running"})
    report = closing.finish(
        client, operation, "failed", {"message": "No room.", "code": "X", "step": "cluster_restore"}
    )
    assert report["status"] == "failed"
    assert report["error"] == {"step": "cluster_restore", "code": "X", "message": "No room."}
    assert report["steps"][0]["status"] == "failed"
    assert report["total_seconds"] >= 0
    assert closing.read_report(client, table, operation["id"]) == report
    lease = operations.read_lease(client, table, TARGET)
    assert lease is not None
    assert not lease.held
    with pytest.raises(LeaseLost, match="released"):
        journals.renew(client, operation)


def test_list_follows_the_chain(client: Any, table: str, clock: FakeClock) -> None:
    made = []
    for _poll in range(3):
        operation = begin(client, table, clock).operation
        made.insert(0, operation["id"])
        closing.finish(client, operation, "succeeded", None)
    assert [item["operation_id"] for item in history.read_history(client, table, TARGET, 10)] == made
    assert [item["operation_id"] for item in history.read_history(client, table, TARGET, 2)] == made[:2]
    assert history.read_history(client, table, "1/x/none", 2) == []


def test_hold_lasts_until_the_next_renewal(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    assert journals.renew(client, operation, hold=900).seconds == 900
    assert journals.renew(client, operation).seconds == 60


def test_journal_intent_result_error(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    journal = journal_of(client, operation, clock)
    journal.intent("DeleteDBCluster", "shop-staging", {"SkipFinalSnapshot": True})
    journal.result({"first_destructive_at": "2026-01-01T00:00:00Z"})
    journal.result({"final_snapshot_id": "f"})
    journal.error({"kind": "aws", "message": "m" * 5000})
    _operation, (step,), audit = items_of(client, table, operation["id"])
    assert step["intent"]["action"] == "DeleteDBCluster"
    assert len(step["intent"]["hash"]) == 16
    assert step["result"] == {"first_destructive_at": "2026-01-01T00:00:00Z", "final_snapshot_id": "f"}
    assert len(step["error"]["message"]) <= 4000
    assert [item["event"] for item in audit] == ["started", "intent"]


def test_parameter_hash_tells_intents_apart_and_says_nothing_of_passwords() -> None:
    assert journals.parameter_hash(None) is None
    assert journals.parameter_hash({"A": 1}) != journals.parameter_hash({"A": 2})
    assert journals.parameter_hash({"A": 1, "MasterUserPassword": "x"}) == journals.parameter_hash({"A": 1})


def test_journal_stops_when_the_lease_is_lost_and_then_says_nothing_more(
    client: Any, table: str, clock: FakeClock
) -> None:
    operation = begin(client, table, clock).operation
    journal = journal_of(client, operation, clock)
    begin(client, table, clock, dead=lambda other, here: True)
    with pytest.raises(LeaseLost):
        journal.intent("DeleteDBCluster", "shop-staging")
    with pytest.raises(LeaseLost):
        journal.progress("deleting")
    journal.error({"kind": "aws", "message": "x"})
    _operation, steps, _audit = items_of(client, table, operation["id"])
    assert steps == [], "nothing of an operation that lost its target is written"


def test_journal_makes_no_call_without_a_runner(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    journal = journal_of(client, operation, clock, alive=False)
    with pytest.raises(RunnerGone):
        journal.intent("DeleteDBCluster", "shop-staging")
    with pytest.raises(RunnerGone):
        journal.progress("deleting")
    _operation, steps, _audit = items_of(client, table, operation["id"])
    assert steps == []


def test_progress_renews_when_due(client: Any, table: str, clock: FakeClock) -> None:
    operation = begin(client, table, clock).operation
    journal = journal_of(client, operation, clock)
    for second in range(0, 46, 3):
        journal.progress(f"deleting {second}", second)
        clock.sleep(3)
    lease = operations.read_lease(client, table, TARGET)
    assert lease is not None
    assert lease.beat == 4, "at 0, 15, 30 and 45 seconds"
    _operation, (step,), _audit = items_of(client, table, operation["id"])
    assert step["progress"]["percent"] == 45


def test_an_outage_of_the_table_is_borne_until_the_lease_could_run_out(
    client: Any, table: str, clock: FakeClock, monkeypatch: Any
) -> None:
    operation = begin(client, table, clock).operation
    journal = journal_of(client, operation, clock)
    journal.progress("deleting")

    def fail(*_args: Any) -> None:
        raise Unreachable("no answer", code="EndpointConnectionError")

    monkeypatch.setattr(state_table, "update_item", fail)
    clock.sleep(39)
    journal.progress("deleting")
    clock.sleep(2)
    with pytest.raises(StateError, match="could not be written"):
        journal.progress("deleting")


def test_a_write_that_fails_stops_the_run(client: Any, table: str, clock: FakeClock, monkeypatch: Any) -> None:
    operation = begin(client, table, clock).operation

    def fail(*_args: Any) -> None:
        raise Unreachable("no answer")

    monkeypatch.setattr(state_table, "_transact", fail)
    with pytest.raises(StateError, match="could not be written"):
        journal_of(client, operation, clock).intent("DeleteDBCluster", "shop-staging")


def test_a_busy_table_is_asked_again(client: Any, table: str, monkeypatch: Any) -> None:
    answers = [["TransactionConflict", "None"], ["ThrottlingError"], []]
    monkeypatch.setattr(state_table, "_transact", lambda *_args: answers.pop(0))
    state_table.transact(client, table, [], "token", sleep=lambda seconds: None)
    assert answers == []
    monkeypatch.setattr(state_table, "_transact", lambda *_args: ["ValidationError"])
    with pytest.raises(StateError, match="ValidationError"):
        state_table.transact(client, table, [], "token", sleep=lambda seconds: None)


class Module:
    """As much of a module as the journal looks at."""

    def __init__(self, check_mode: bool) -> None:
        self.check_mode = check_mode


@pytest.mark.parametrize(
    ("operation", "check_mode"), [(None, False), ({"id": "X", "fence": 0}, False), ({"id": "X", "fence": 1}, True)]
)
def test_nothing_is_written_without_operation_or_in_check_mode(operation: Any, check_mode: bool) -> None:
    journal = journals.make_journal(Module(check_mode), operation, Runner(1, 2, lambda pid: 2))
    assert isinstance(journal, NoJournal)
    gone = journals.make_journal(Module(check_mode), operation, Runner(1, 2, lambda pid: 1))
    with pytest.raises(RunnerGone):
        gone.progress("x")


def test_an_operation_gets_its_journal() -> None:
    journal = journals.make_journal(Module(False), {"id": "X", "fence": 1}, Runner(1, 2, lambda pid: 2))
    assert journal.operation_id == "X"
