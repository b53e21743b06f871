# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: operation_log
type: notification
short_description: A log of each restore operation, one JSON object for each task's start and result
author:
  - dbops.aurora_restore contributors (@dbops)
description:
  - Adds the tasks of a play to the log of the operation that M(dbops.aurora_restore.operation) has started with
    O(dbops.aurora_restore.operation#module:publish), and which that module ships to CloudWatch. The plugin itself makes
    no network call.
  - Of a result only the status, the message, and the code, action and resource of an error are written, never arguments
    and never results as a whole. Of tasks with C(no_log) not even the message.
  - Does nothing in plays without such an operation, and in check mode. It never fails a play.
requirements:
  - Nothing where the collection's own playbooks are run. They bring it along.
  - Elsewhere enable it, with C(ANSIBLE_CALLBACKS_ENABLED=dbops.aurora_restore.operation_log) or C(callbacks_enabled) in
    C(ansible.cfg). Enabled twice, it still writes once.
"""

import functools
import os
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.callback import CallbackBase
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe import records, spool

OPERATION = "dbops.aurora_restore.operation"
# Until the operation is known, so much of a play is remembered.
REMEMBERED = 500
# What Ansible knows nothing of, should somebody's message have it.
SECRET_VARIABLES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD")
MASK = "********"
VERIFIER = re.compile(r"SCRAM-SHA-256\$[^\s'\"\\]+")
ASSIGNED = re.compile(
    r"""((?:password|passwd|secret_access_key|session_token)(?:["']?\s*[:=]\s*|\s+)["'])[^"']+(?=["'])""", re.IGNORECASE
)
IN_URL = re.compile(r"(://[^\s:/@]+:)[^\s@/]+(?=@)")


@dataclass
class Log:
    """What is known of a host's operation.

    :param path: None until there is one.
    """

    path: Path | None = None
    about: dict[str, Any] = field(default_factory=dict)
    step: str = records.FIRST
    waiting: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def write(self, record: Mapping[str, Any]) -> None:
        if self.path is None:
            self.waiting.append(dict(record))
        else:
            # The time stands first, for people who read the file.
            spool.append(self.path, {"time": record["time"], **self.about, **record})

    def open(self, path: Path, about: Mapping[str, Any]) -> None:
        waiting, self.waiting = self.waiting, deque(maxlen=REMEMBERED)
        self.path, self.about, self.step = path, dict(about), records.FIRST
        for record in waiting:
            self.write(record)


def masked(text: str) -> str:
    """A message without what looks like a secret. Those that Ansible knows of are gone already."""
    known = {value for name in SECRET_VARIABLES if (value := os.environ.get(name))}
    clean = str(remove_values(text, known)) if known else text
    for pattern, put in ((VERIFIER, MASK), (ASSIGNED, rf"\1{MASK}"), (IN_URL, rf"\1{MASK}")):
        clean = pattern.sub(put, clean)
    return clean


def message_of(result: Mapping[str, Any]) -> str | None:
    """The message of a task; of a loop, that of the item that failed."""
    if "censored" in result:
        return None
    text = cause_of(result).get("msg")
    if text is None or text == "All items completed":
        return None
    return masked(records.shortened(text) or "")


def cause_of(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """The result itself, or the first item of its loop that failed."""
    items = result.get("results")
    if not isinstance(items, list):
        return result
    # Since ansible-core 2.21 callbacks see no "failed".
    failed = (item for item in items if isinstance(item, Mapping) and (item.get("failed") or "exception" in item))
    return next(failed, result)


def safely(method: Callable[..., None]) -> Callable[..., None]:
    """Whatever goes wrong in a callback must not be the play's; it is said once."""

    @functools.wraps(method)
    def tried(self: CallbackModule, *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            self.disabled = True
            self._display.warning(
                f"The log of the operation is incomplete from here on: {type(error).__name__}: {error}"
            )

    return tried


class CallbackModule(CallbackBase):
    """Writes records of tasks."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = OPERATION + "_log"
    CALLBACK_NEEDS_ENABLED = True

    # Of the process: it may be loaded from beside a playbook and enabled by name as well.
    writer: ClassVar[CallbackModule | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logs: dict[str, Log] = {}
        self.began: dict[tuple[str, str], float] = {}

    @safely
    def v2_playbook_on_start(self, playbook: Any) -> None:
        if CallbackModule.writer not in (None, self):
            self.disabled = True
        else:
            CallbackModule.writer = self

    @safely
    def v2_playbook_on_play_start(self, play: Any) -> None:
        self.logs.clear()

    @safely
    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self.began[(host.name, task._uuid)] = time.monotonic()
        self._write(host, task, {"event": "start"})

    @safely
    def v2_runner_on_ok(self, result: Any) -> None:
        values = result.result
        self._ended(result, "changed" if values.get("changed") else "ok")
        self._learn(result.host.name, result.task, values)

    @safely
    def v2_runner_on_skipped(self, result: Any) -> None:
        self._ended(result, "skipped")

    @safely
    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._ended(result, "failed", ignored=True if ignore_errors else None)

    @safely
    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._ended(result, "unreachable")

    def _ended(self, result: Any, event: str, **more: Any) -> None:
        values, host, task = result.result, result.host, result.task
        began = self.began.pop((host.name, task._uuid), None)
        record = {
            "event": event,
            "seconds": round(time.monotonic() - began, 3) if began is not None else None,
            "changed": bool(values.get("changed")) if event in ("ok", "changed", "failed") else None,
            # Why it was skipped is in its condition, which may name anything.
            "message": message_of(values) if event != "skipped" else None,
            "error": records.error_of(cause_of(values).get("error")) if event == "failed" else None,
            **more,
        }
        self._write(host, task, record)

    def _write(self, host: Any, task: Any, record: Mapping[str, Any]) -> None:
        log = self.logs.setdefault(host.name, Log())
        role = getattr(task, "_role", None)
        log.write(
            {
                "time": records.now_text(),
                "step": log.step,
                "host": host.name,
                "role": role.get_name() if role else None,
                "task": masked(task.name or task.action),
                "module": action_of(task),
                **record,
            }
        )

    def _learn(self, host: str, task: Any, values: Mapping[str, Any]) -> None:
        """Which operation it is, and in which step."""
        operation = values.get("operation")
        if action_of(task) != OPERATION or not isinstance(operation, Mapping):
            return
        log = self.logs.setdefault(host, Log())
        if values.get("log_file"):
            attempt = int((values.get("resumed") or {}).get("attempt") or 1)
            about = {
                "operation_id": operation["id"],
                "target": operation["target"],
                "attempt": attempt,
                "fence": operation["fence"],
            }
            log.open(Path(values["log_file"]), about)
        else:
            # The step that goes on, which may be the next one.
            log.step = operation.get("step") or log.step


def action_of(task: Any) -> str:
    """The full name of the task's module."""
    return str(getattr(task, "resolved_action", None) or task.action)
