# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transitions end when their time has come and their work is done."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sandbox.clock import ManualClock
from sandbox.scheduler import Scheduler


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def scheduler(clock: ManualClock) -> Iterator[Scheduler]:
    made = Scheduler(threading.RLock(), clock)
    yield made
    made.stop()


def test_ends_after_its_duration(scheduler: Scheduler, clock: ManualClock) -> None:
    ended: list[str] = []
    scheduler.begin("copy", 4, lambda: ended.append("copy"))
    clock.advance(3.9)
    assert scheduler.end_what_is_due() == 0
    clock.advance(0.1)
    assert scheduler.end_what_is_due() == 1
    assert ended == ["copy"] and not scheduler.pending()


def test_waits_for_work_that_takes_longer(scheduler: Scheduler, clock: ManualClock) -> None:
    ended: list[str] = []
    go = threading.Event()
    transition = scheduler.begin("restore", 1, lambda: ended.append("restore"), work=lambda: go.wait(10))
    clock.advance(5)
    assert scheduler.end_what_is_due() == 0
    go.set()
    assert transition.finished.wait(10)
    scheduler.end_what_is_due()
    assert ended == ["restore"]


def test_failed_work_ends_at_once(scheduler: Scheduler) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        raise OSError("disk full")

    transition = scheduler.begin("restore", 100, lambda: pytest.fail("not done"), work=work, failed=errors.append)
    assert transition.finished.wait(10)
    scheduler.end_what_is_due()
    assert [str(error) for error in errors] == ["disk full"]


def test_works_of_a_lane_run_in_order_and_lanes_side_by_side(scheduler: Scheduler) -> None:
    order: list[str] = []
    first, other = threading.Event(), threading.Event()

    def slow() -> None:
        assert other.wait(10)
        order.append("first")
        first.set()

    last = [
        scheduler.begin("a", 0, lambda: None, work=slow, lane="cluster"),
        scheduler.begin("b", 0, lambda: None, work=lambda: order.append("second"), lane="cluster"),
    ][-1]
    scheduler.begin("c", 0, lambda: None, work=other.set, lane="another")
    assert last.finished.wait(10)
    assert order == ["first", "second"]


def test_cancelled_ones_end_without_effect(scheduler: Scheduler) -> None:
    transition = scheduler.begin("copy", 0, lambda: pytest.fail("cancelled"))
    transition.cancel()
    assert scheduler.end_what_is_due() == 1


def test_progress_is_below_100_until_the_end(scheduler: Scheduler, clock: ManualClock) -> None:
    transition = scheduler.begin("copy", 4, lambda: None)
    seen = []
    for _turn in range(5):
        seen.append(transition.progress(clock.monotonic()))
        clock.advance(1)
    assert seen == [0, 25, 50, 75, 99]


def test_runs_by_itself() -> None:
    scheduler = Scheduler(threading.RLock())
    scheduler.start()
    ended = threading.Event()
    scheduler.begin("soon", 0.05, ended.set, work=lambda: None)
    assert ended.wait(10)
    scheduler.stop()


def test_an_error_at_the_end_of_one_does_not_stop_the_others() -> None:
    scheduler = Scheduler(threading.RLock())
    scheduler.start()
    ended = threading.Event()

    def broken() -> None:
        raise RuntimeError("broken")

    scheduler.begin("broken", 0, broken)
    scheduler.begin("next", 0.05, ended.set)
    assert ended.wait(10)
    scheduler.stop()
