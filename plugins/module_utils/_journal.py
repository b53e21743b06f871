# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a mutating module tells its operation, and asks of it. Implemented by ``_state.journal.OperationJournal``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Journal(Protocol):
    """Intent before a call, result after it; the lease is renewed on the way.

    Every method may raise LeaseLost, RunnerGone or StateError: then no further AWS call may be made.
    """

    @property
    def operation_id(self) -> str | None:
        """The operation, or None when the module runs on its own."""

    def intent(self, action: str, resource: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Record what is about to be done. Called right before each mutating AWS call; checks runner and lease."""

    def call(
        self, action: str, resource: str, parameters: Mapping[str, Any] | None = None
    ) -> AbstractContextManager[None]:
        """Around one call that changes AWS: ``intent`` before it, its outcome after it."""

    def last_check(self) -> None:
        """Right before the bytes of a call that destroys something leave: runner and lease, once more."""

    def progress(self, status: str, percent: int | None = None) -> None:
        """Record how a wait stands and renew the lease. Called on every turn of a poller."""

    def result(self, values: Mapping[str, Any]) -> None:
        """Record what came of the step (small, no secrets); values are merged into the step's result."""

    def error(self, error: Mapping[str, Any]) -> None:
        """Record why the step failed. Never raises."""


class NoJournal:
    """For a module used without ``operation:``, and for check mode. Only the runner is watched."""

    operation_id: str | None = None

    def __init__(self, check_runner: Any = None) -> None:
        self._check_runner = check_runner or (lambda: None)

    def intent(self, action: str, resource: str, parameters: Mapping[str, Any] | None = None) -> None:
        self._check_runner()

    @contextlib.contextmanager
    def call(self, action: str, resource: str, parameters: Mapping[str, Any] | None = None) -> Iterator[None]:
        self.intent(action, resource, parameters)
        yield

    def last_check(self) -> None:
        self._check_runner()

    def progress(self, status: str, percent: int | None = None) -> None:
        self._check_runner()

    def result(self, values: Mapping[str, Any]) -> None:
        return None

    def error(self, error: Mapping[str, Any]) -> None:
        return None
