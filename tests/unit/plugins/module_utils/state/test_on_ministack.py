# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lease and journal on two DynamoDBs that have nothing in common, with callers that really are at once.

Whatever ``test_operation`` and ``test_resumed_operation`` try on a table is tried on both as well.
"""

from __future__ import annotations

import functools
import inspect
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.synchronize import Barrier
from typing import Any

import pytest
import test_operation
import test_resumed_operation
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import LeaseLost, Refused, WaitTimeout
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Poller
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import closing
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import journal as journals
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import operation as operations
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.table import ConditionFailed
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.ulid import new_ulid
from dynamodb_servers import SERVERS, Server
from state_world import TARGET, FakeClock, make_table, owner, poller, start_of

PROCESSES, THREADS, ROUNDS = 3, 6, 8
KEY = {"operation_id": "X", "step": "#operation"}

globals().update(
    {
        name: test
        for module in (test_operation, test_resumed_operation)
        for name, test in vars(module).items()
        if name.startswith("test_") and "client" in inspect.signature(test).parameters
    }
)


@pytest.fixture(scope="module", params=sorted(SERVERS))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Server) -> Any:
    return server.client()


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(PROCESSES)
    with ProcessPoolExecutor(PROCESSES, context, initializer=meet_at, initargs=(together,)) as executor:
        yield executor


@functools.cache
def client_of(server: Server, _number: int = 0) -> Any:
    """A client for each thread or process."""
    return server.client()


meeting: list[Barrier] = []


def meet_at(barrier: Barrier) -> None:
    meeting.append(barrier)


def start_together(server: Server, table: str, pid: int, dead_pid: int) -> tuple[str, Any]:
    """In a process of its own: start an operation at the same moment as the others."""
    clock, client = FakeClock(), client_of(server)
    state_table.require_table(client, table, "us-west-2")
    mine = start_of(table, clock, owner(pid=pid), dead=lambda other, here: other.pid == dead_pid)
    meeting[0].wait(60)
    try:
        return "won", operations.start(client, mine, poller(clock)).operation
    except Refused as error:
        return "refused", str(error)


def at_once(server: Server, function: Callable[[Any, int], None]) -> list[bool]:
    """Whether the function's condition held, for each of several threads with clients of their own."""
    together = threading.Barrier(THREADS)

    def run(number: int) -> bool:
        client = client_of(server, number)
        client.list_tables()
        together.wait(60)
        try:
            function(client, number)
        except ConditionFailed:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(run, range(THREADS)))


def test_of_conditional_updates_at_once_one_is_made(server: Server, client: Any, table: str) -> None:
    for turn in range(ROUNDS):
        state_table.update_item(client, table, state_table.update(table, KEY, {"turn": turn, "by": -1}))

        def take(own: Any, number: int, turn: int = turn) -> None:
            part = state_table.update(
                table, KEY, {"turn": turn + 1, "by": number}, "#turn = :turn", {"#turn": "turn"}, {":turn": turn}
            )
            state_table.update_item(own, table, part)

        made = at_once(server, take)
        assert made.count(True) == 1
        item = state_table.get_item(client, table, KEY)
        assert item is not None and item["by"] == made.index(True)


def test_of_transactions_at_once_one_is_made_and_the_others_leave_nothing(
    server: Server, client: Any, table: str
) -> None:
    for turn in range(ROUNDS):
        state_table.update_item(client, table, state_table.update(table, KEY, {"turn": turn}))

        def take(own: Any, number: int, turn: int = turn) -> None:
            step = {"operation_id": f"turn-{turn}", "step": str(number)}
            part = state_table.update(
                table, KEY, {"turn": turn + 1}, "#turn = :turn", {"#turn": "turn"}, {":turn": turn}
            )
            state_table.transact(own, table, [state_table.put(table, step), part], new_ulid())

        made = at_once(server, take)
        assert made.count(True) == 1
        left = state_table.query_operation(client, table, f"turn-{turn}")
        assert [item["step"] for item in left] == [str(made.index(True))]


def test_a_beat_is_never_lost(server: Server, client: Any, table: str, clock: FakeClock) -> None:
    """Renewals alone and in transactions, from several threads: each is counted."""
    operation = operations.start(client, start_of(table, clock), poller(clock)).operation

    def beat(own: Any, number: int) -> None:
        for _time in range(4):
            if number % 2:
                journals.renew(own, operation)
            else:
                journals.write_fenced(own, operation, [])

    assert all(at_once(server, beat))
    lease = operations.read_lease(client, table, TARGET)
    assert lease is not None and lease.beat == 4 * THREADS


@pytest.mark.parametrize("before", ["nothing", "release", "death"])
def test_of_processes_that_start_at_once_one_wins(
    server: Server, client: Any, clock: FakeClock, pool: ProcessPoolExecutor, before: str
) -> None:
    for _turn in range(ROUNDS):
        table, fence = make_table(client, ("operation_id", "step")), 1
        if before != "nothing":
            first = operations.start(client, start_of(table, clock, owner(pid=1000)), poller(clock)).operation
            fence = 2
            if before == "release":
                closing.finish(client, first, "succeeded", None)
        started = [pool.submit(start_together, server, table, pid, 1000) for pid in range(1, PROCESSES + 1)]
        said = [future.result() for future in started]
        (winner,) = [operation for what, operation in said if what == "won"]
        assert winner["fence"] == fence
        for what, message in said:
            if what == "refused":
                assert winner["id"] in message and f"process {winner['owner'].split('/')[3]} " in message
        lease = operations.read_lease(client, table, TARGET)
        assert lease is not None
        assert (lease.fence, lease.owner, lease.operation_id) == (fence, winner["owner"], winner["id"])


def test_a_beating_lease_is_kept_and_a_silent_one_is_taken_over(server: Server, client: Any, table: str) -> None:
    """By the clock: a lease of one second, renewed five times a second for three, and then no more."""
    clock = FakeClock()
    on_time: dict[str, Any] = {"lease_seconds": 1, "monotonic": time.monotonic}
    request = start_of(table, clock, **on_time)
    other = start_of(table, clock, owner(host="runner-2"), **on_time)
    first = operations.start(client, request, Poller(0, 0.2, lambda _status, _percent: None)).operation
    silent = threading.Event()

    def live() -> None:
        own = server.client()
        while not silent.wait(0.2):
            journals.renew(own, first)

    with ThreadPoolExecutor(1) as threads:
        living = threads.submit(live)
        try:
            with pytest.raises(WaitTimeout, match=first["id"]):
                operations.start(client, other, Poller(3, 0.2, lambda _status, _percent: None))
        finally:
            silent.set()
        living.result()
    second = operations.start(client, other, Poller(30, 0.2, lambda _status, _percent: None)).operation
    assert second["fence"] == first["fence"] + 1
    with pytest.raises(LeaseLost, match="runner-2"):
        journals.renew(client, first)
    with pytest.raises(LeaseLost, match="runner-2"):
        closing.finish(client, first, "failed", None)
