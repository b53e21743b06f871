# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one scheduler of everything that takes time.

A transition is over when its duration has passed *and* its work in the data plane is done. Works run in threads; what
they lead to (``done``, ``failed``) runs in the scheduler's thread under the world's lock, one after the other. Works
of one lane (a cluster, a snapshot) run in the order in which they were begun.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import Clock, SystemClock

log = logging.getLogger("sandbox.scheduler")

Work = Callable[[], Any]


@dataclass(eq=False)
class Transition:
    """Something on its way: what it is, when it may end, what it waits for.

    :param until: how far it gets, in percent: less than 100 where it is to fail.
    """

    name: str
    started: float
    due: float
    done: Callable[[], None]
    work: Work | None = None
    lane: str = ""
    failed: Callable[[BaseException], None] | None = None
    cancelled: bool = False
    finished: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None
    until: int = 100

    def progress(self, now: float) -> int:
        """How much of the duration has passed, in percent; 100 is kept for the end."""
        length, most = self.due - self.started, min(99, self.until)
        return most if length <= 0 else max(0, min(most, int(self.until * (now - self.started) / length)))

    def cancel(self) -> None:
        """Neither done nor failed will be called; the work, if it runs already, runs to its end."""
        self.cancelled = True


class Scheduler:
    """Begins transitions and ends them in time."""

    def __init__(
        self, lock: threading.RLock, clock: Clock | None = None, workers: int = 8,
        on_error: Callable[[BaseException], None] | None = None,
    ) -> None:  # fmt: skip
        """
        :param on_error: hears of every work that has failed.
        """
        self._on_error = on_error
        self.clock: Clock = clock or SystemClock()
        self._world = lock
        self._wake = threading.Condition()
        self._transitions: list[Transition] = []
        self._lanes: dict[str, deque[Transition]] = {}
        self._workers = ThreadPoolExecutor(workers, "data-plane")
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End no more transitions; works that run are waited for."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self._workers.shutdown(wait=True, cancel_futures=True)

    def begin(
        self,
        name: str,
        seconds: float,
        done: Callable[[], None],
        *,
        work: Work | None = None,
        lane: str = "",
        failed: Callable[[BaseException], None] | None = None,
        until: int = 100,
    ) -> Transition:
        """Begin a transition that takes at least that many seconds, or ``until`` percent of them."""
        now = self.clock.monotonic()
        due = now + seconds * until / 100
        transition = Transition(name, now, due, done, work, lane or name, failed, until=until)
        with self._wake:
            self._transitions.append(transition)
            if work is None:
                transition.finished.set()
            else:
                queue = self._lanes.setdefault(transition.lane, deque())
                queue.append(transition)
                if len(queue) == 1:
                    self._submit(transition)
            self._wake.notify_all()
        return transition

    def pending(self) -> list[Transition]:
        """What is on its way, the next to end first."""
        with self._wake:
            return sorted(self._transitions, key=lambda item: item.due)

    def end_what_is_due(self) -> int:
        """End every transition whose time has come and whose work is done; how many."""
        now = self.clock.monotonic()
        with self._wake:
            ready = [item for item in self._transitions if item.finished.is_set() and (item.due <= now or item.error)]
            self._transitions = [item for item in self._transitions if item not in ready]
        for transition in sorted(ready, key=lambda item: item.due):
            with self._world:
                self._end(transition)
        return len(ready)

    def _run(self) -> None:
        while True:
            self.end_what_is_due()
            with self._wake:
                if self._stopping:
                    return
                now = self.clock.monotonic()
                waiting = [item for item in self._transitions if item.finished.is_set()]
                delay = min((item.due - now for item in waiting), default=None)
                if delay is None or delay > 0:
                    self._wake.wait(delay)

    def _submit(self, transition: Transition) -> None:
        if not self._stopping:
            future = self._workers.submit(transition.work or (lambda: None))
            future.add_done_callback(lambda finished: self._work_is_done(transition, finished))

    def _work_is_done(self, transition: Transition, future: Future[Any]) -> None:
        with self._wake:
            transition.error = None if future.cancelled() else future.exception()
            transition.finished.set()
            queue = self._lanes[transition.lane]
            queue.popleft()
            if queue:
                self._submit(queue[0])
            else:
                del self._lanes[transition.lane]
            self._wake.notify_all()

    def _end(self, transition: Transition) -> None:
        if transition.error is not None:
            log.error("%s failed: %s", transition.name, transition.error, exc_info=transition.error)
            if self._on_error:
                self._on_error(transition.error)
        if transition.cancelled:
            return
        try:
            if transition.error is None:
                transition.done()
            elif transition.failed:
                transition.failed(transition.error)
        except Exception:
            log.exception("ending %s failed", transition.name)
