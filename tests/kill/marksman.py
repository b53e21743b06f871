# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is asked by the sandbox at each call that could be the one aimed at, and shoots the run when it is."""

from __future__ import annotations

import os
import re
import signal
import socketserver
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness import Run, processes_of

from kill.points import Point

# Seconds for the end of what was shot; the call waits for it, so that nobody sees its answer.
END_SECONDS = 10.0
# Says which fault it is, and waits for the answer.
ASK = 'exec 3<>/dev/tcp/127.0.0.1/{port}; echo "{name}" >&3; read -r _ <&3'


def heed_signals() -> None:
    """What this process ignores (nohup, a job in the background) its runs would ignore; a handler is not passed on."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, _ignore)


def _ignore(_number: int, _frame: object) -> None:
    """As before."""


def end_all(home: Path) -> None:
    """SIGKILL to every process that was started with that home: the playbook, its workers, the modules."""
    while alive := processes_of(home):
        for pid in alive:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


def to_group(number: signal.Signals) -> Callable[[Run], None]:
    """That signal to the playbook's process group alone; a module, which is none of it, goes on."""

    def shoot(run: Run) -> None:
        with suppress(ProcessLookupError):
            os.killpg(run.process.pid, number)

    return shoot


SHOTS: dict[str, Callable[[Run], None]] = {
    "tree": lambda run: end_all(run.home),
    "group": to_group(signal.SIGKILL),
    "hangup": to_group(signal.SIGHUP),  # as when a terminal is closed
    "terminate": to_group(signal.SIGTERM),
    "interrupt": to_group(signal.SIGINT),
}


class Marksman:
    """A server on the loopback address that the faults of a scenario ask."""

    def __init__(self, points: Iterable[Point]) -> None:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer.asked(self.rfile.readline().decode().strip())
                self.wfile.write(b"go on\n")

        self._points = tuple(points)
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._lock = threading.Lock()
        self._target: tuple[Point, Callable[[Point], bool], Callable[[], None]] | None = None
        self.error: Exception | None = None
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Marksman:
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def faults(self) -> list[dict[str, Any]]:
        """For the scenario. A call that is not to happen (its run dies before it) is dropped by a fault of its own."""
        found = {}
        for point in self._points:
            ask = ASK.format(port=self._server.server_address[1], name=_name(point))
            about = {**point.kind.fault(), "when": point.when}
            found[_name(point)] = {"name": _name(point), **about, "command": ["bash", "-c", ask]}
            if point.when == "before" and point.kind.changes:
                name = f"{_name(point)}-{point.nth}"
                found[name] = {"name": name, **about, "nth": point.nth, "drop": True}
        return list(found.values())

    def aim(self, point: Point, is_due: Callable[[Point], bool], shoot: Callable[[], None]) -> None:
        """Shoot at the next call that is that point."""
        self.error = None
        with self._lock:
            self._target = (point, is_due, shoot)

    def rest(self) -> None:
        """Shoot no more."""
        with self._lock:
            self._target = None

    def asked(self, name: str) -> None:
        """A call of that name waits."""
        with self._lock:
            try:
                if self._target and name == _name(self._target[0]) and self._target[1](self._target[0]):
                    shoot, self._target = self._target[2], None
                    shoot()
            except Exception as error:  # the thread of a handler would swallow it
                self.error = error


def _name(point: Point) -> str:
    return re.sub(r"[^\w.-]+", "-", f"{point.when}-{point.kind.region}-{point.kind}").strip("-")


def await_end(run: Run, seconds: float = END_SECONDS) -> bool:
    """Whether the playbook itself ends in that time."""
    deadline = time.monotonic() + seconds
    while run.process.poll() is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
