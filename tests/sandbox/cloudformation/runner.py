# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time for what takes time: each step of a stack's operation, in a thread of the scheduler's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from sandbox.scheduler import Scheduler

log = logging.getLogger("sandbox.cloudformation")


class Runner:
    """:param seconds: how long an operation takes in all; 0: it is over when the call that begins it is."""

    def __init__(self, scheduler: Scheduler, seconds: Callable[[], float]) -> None:
        self._scheduler = scheduler
        self._seconds = seconds

    def run(self, name: str, steps: Iterator[None], count: int, failed: Callable[[BaseException], None]) -> None:
        """
        :param steps: does something at each yield, and ends what it is about after the last.
        :param count: about how many there are, between which the time is divided.
        :param failed: what to do if something goes wrong that is not foreseen.
        """
        seconds = self._seconds()
        if seconds:
            self._go_on(name, steps, seconds / max(1, count), failed)
            return
        try:
            for _step in steps:
                pass
        except Exception as error:
            log.exception("%s failed", name)
            failed(error)

    def _go_on(self, name: str, steps: Iterator[None], pause: float, failed: Callable[[BaseException], None]) -> None:
        ended = False

        def work() -> None:
            nonlocal ended
            ended = next(steps, self) is self

        def done() -> None:
            if not ended:
                self._go_on(name, steps, pause, failed)

        self._scheduler.begin(name, pause, done, work=work, lane=name, failed=failed)
