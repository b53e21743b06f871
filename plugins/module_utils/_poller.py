# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one poller: every wait of the collection goes through ``Poller.until``."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, TypeVar

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Throttled, Unreachable, WaitTimeout

T = TypeVar("T")


class Clock(Protocol):
    """Time as the poller sees it; tests pass their own."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Look(Generic[T]):
    """What one turn saw: a value when the wait is over, else the status to report.

    :param value: the result, when done.
    :param status: what is shown and recorded meanwhile ("copying").
    :param percent: progress, 0-100, where AWS tells; shown, never decided on.
    """

    status: str
    value: T | None = None
    done: bool = False
    percent: int | None = None


def done(value: T, status: str = "done") -> Look[T]:
    return Look(status, value, True)


def pending(status: str, percent: int | None = None) -> Look[T]:
    return Look(status, percent=percent)


@dataclass
class Poller:
    """Asks until there is an answer, a terminal error, or no time left.

    :param timeout: seconds for the whole wait; measured on the monotonic clock.
    :param interval: longest pause between two turns, in seconds; the first pauses are shorter (interval/8, doubling).
    :param heartbeat: called on every turn with (status, percent); renews the lease and may stop the wait by raising.
    :param since: when the timeout began to run, on the clock; None: anew at each wait. Set by ``from_now``.

    A look that raises Throttled or Unreachable is asked again later; any other error ends the wait.
    """

    timeout: float
    interval: float
    heartbeat: Callable[[str, int | None], None]
    clock: Clock = field(default_factory=SystemClock)
    jitter: Callable[[], float] = random.random
    since: float | None = None

    def from_now(self) -> Poller:
        """A poller all of whose waits together end when the timeout has passed from now on."""
        return replace(self, since=self.clock.monotonic())

    def until(self, what: str, resource: str, look: Callable[[], Look[T]]) -> T:
        """Look until done; the value. ``what`` completes the sentence "Timed out waiting for …".

        :raises WaitTimeout: the deadline passed; the message says the last status seen.
        """
        deadline = (self.clock.monotonic() if self.since is None else self.since) + self.timeout
        pause = max(self.interval / 8, 0.05)
        status, percent = "not seen yet", None
        while True:
            try:
                seen = look()
                if seen.done:
                    return seen.value  # type: ignore[return-value]
                status, percent = seen.status, seen.percent
            except Throttled:
                status = f"throttled by AWS (last seen: {status.removeprefix('throttled by AWS ')})"[:200]
            except Unreachable as unreachable:
                status = f"no answer: {unreachable.message}"[:200]
            self.heartbeat(status, percent)
            left = deadline - self.clock.monotonic()
            if left <= 0:
                raise WaitTimeout(
                    f"Timed out after {self.timeout:.0f} seconds waiting for {what} of {resource}, "
                    f"last status: {status}",
                    resource=resource,
                    hint="It goes on in AWS: run the same command again to go on waiting, or raise wait_timeout.",
                )
            self.clock.sleep(min(pause * (0.75 + self.jitter() / 2), left))
            pause = min(pause * 2, self.interval)
