# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The poller: deadline, intervals, throttling, heartbeat."""

from __future__ import annotations

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    LeaseLost,
    Throttled,
    Unreachable,
    WaitTimeout,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Look, Poller, done, pending


class FakeClock:
    """Time that passes only while the poller sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def poller(clock: FakeClock, beats: list[tuple[str, int | None]], timeout: float = 100, interval: float = 8) -> Poller:
    return Poller(timeout, interval, lambda status, percent: beats.append((status, percent)), clock, lambda: 0.5)


def script(*looks: Look[str] | Exception):
    rest = list(looks)

    def look() -> Look[str]:
        seen = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(seen, Exception):
            raise seen
        return seen

    return look


def test_returns_the_value_at_once_without_sleeping():
    clock = FakeClock()
    assert poller(clock, []).until("creation", "c", script(done("value"))) == "value"
    assert clock.pauses == []


def test_pauses_start_short_and_grow_to_the_interval():
    clock = FakeClock()
    looks = [pending("creating")] * 6 + [done("v")]
    poller(clock, []).until("creation", "c", script(*looks))
    assert clock.pauses == [1, 2, 4, 8, 8, 8]


def test_every_turn_beats_with_status_and_percent():
    beats: list[tuple[str, int | None]] = []
    poller(FakeClock(), beats).until("copy", "c", script(pending("copying", 10), pending("copying", 60), done("v")))
    assert beats == [("copying", 10), ("copying", 60)]


@pytest.mark.parametrize("timeout", [0, 1, 30, 100])
def test_obeys_the_timeout_and_says_the_last_status(timeout):
    clock = FakeClock()
    with pytest.raises(WaitTimeout, match=rf"after {timeout} seconds waiting for deletion of c, last status: deleting"):
        poller(clock, [], timeout).until("deletion", "c", script(pending("deleting")))
    assert clock.now - 1000 == pytest.approx(timeout)


def test_a_throttle_means_ask_later_never_success():
    clock = FakeClock()
    seen = poller(clock, []).until("copy", "c", script(pending("copying"), Throttled("slow down"), done("v")))
    assert seen == "v"
    with pytest.raises(WaitTimeout, match="throttled by AWS"):
        poller(clock, []).until("copy", "c", script(Throttled("slow down")))


def test_no_answer_means_ask_later():
    assert poller(FakeClock(), []).until("copy", "c", script(Unreachable("reset"), done("v"))) == "v"


def test_other_errors_end_the_wait():
    with pytest.raises(AwsError, match="gone"):
        poller(FakeClock(), []).until("copy", "c", script(AwsError("gone")))


def test_a_lost_lease_ends_the_wait_before_the_next_look():
    looked = []

    def look() -> Look[str]:
        looked.append(1)
        return pending("copying")

    def heartbeat(status: str, percent: int | None) -> None:
        raise LeaseLost("held by somebody else")

    with pytest.raises(LeaseLost):
        Poller(100, 8, heartbeat, FakeClock()).until("copy", "c", look)
    assert len(looked) == 1
