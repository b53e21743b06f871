# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ship the log of an operation to CloudWatch: never raises, and never takes longer than it may.

What was not taken stays in the file, and is shipped by the next step, or by the next restore of the target on this
machine. The calls are made in a thread, which is left alone when the time is over: no timeout of a client bounds the
resolution of names, a proxy that says nothing, or an answer that comes byte by byte.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client, aws_call
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError, RestoreError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe import metrics, spool
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe.batches import (
    DAY,
    MAX_AGE,
    Event,
    portions,
    rejected,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe.records import moment_of

# After a failure CloudWatch is left alone for so many seconds, so that an outage costs a restore little.
PAUSE = 120.0
METRICS = "#metrics"
# What is said once for an operation; the other problems are told when they begin, and when it ends.
ONCE = ("callback", "groups")
CALLBACK = "dbops.aurora_restore.operation_log"


@dataclass(frozen=True)
class Destination:
    """
    :param client: makes a client, by the name of the service.
    :param seconds: how long all of it may take.
    """

    client: Callable[[str], Client]
    log_group_prefix: str
    metric_namespace: str
    seconds: float = 5.0


@dataclass
class Published:
    """What came of it.

    :param rejected: log events that CloudWatch did not keep, or would not have.
    :param kept: records of this operation that it does not have yet.
    """

    events: int = 0
    rejected: int = 0
    metrics: int = 0
    kept: int = 0
    warnings: list[str] = field(default_factory=list)

    def to_result(self) -> dict[str, Any]:
        return {
            "events": self.events, "rejected": self.rejected, "metrics": self.metrics, "kept": self.kept,
            "warning": " ".join(self.warnings) or None,
        }  # fmt: skip


def publish(path: Path, record: Mapping[str, Any], to: Destination, *, last: bool = False) -> Published:
    """Add a record to an operation's log, and ship what CloudWatch does not have yet.

    :param last: whether this operation ends here: then there is no other chance soon, and what others left is shipped.
    """
    outcome = Published()
    try:
        spool.append(path, record)
    except OSError as error:
        outcome.warnings.append(f"The log {path} can't be written ({error.strerror}): it is incomplete.")
        return outcome
    attempt = Attempt(path, to, last, outcome)
    thread = threading.Thread(target=attempt.run, name="publish", daemon=True)
    thread.start()
    thread.join(to.seconds)
    return attempt.end()


@dataclass
class Attempt:
    """One attempt to ship; ``run`` is the thread's, all else may be asked by whoever waits for it."""

    path: Path
    to: Destination
    last: bool
    outcome: Published
    problems: dict[str, str] = field(default_factory=dict)
    # When it is over, nothing is written any more.
    lock: threading.Lock = field(default_factory=threading.Lock)
    over: bool = False
    done: bool = False

    def run(self) -> None:
        try:
            self._ship(self.path)
            if self.last and not self.problems:
                self._ship_what_others_left()
        except Exception as error:  # whatever it is, it must not be the restore's
            self.problems["outage"] = f"{type(error).__name__}: {error}."
        self.done = True

    def end(self) -> Published:
        """To be called once, when the time is over or ``run`` is through."""
        with self.lock:
            self.over = True
        if not self.done:
            self.problems["outage"] = f"no answer within {self.to.seconds:g} seconds."
        try:
            self._sum_up()
        except OSError as error:
            self.outcome.warnings.append(f"The log {self.path} can't be read ({error.strerror}).")
        return self.outcome

    def _sum_up(self) -> None:
        lines, shipped = spool.read(self.path), spool.read_shipped(self.path)
        self.outcome.kept = sum(line.end > shipped.offsets.get(line.record["step"], 0) for line in lines)
        if not any("task" in line.record for line in lines):
            self.problems["callback"] = (
                f"The log has no records of tasks: the callback plugin {CALLBACK} is not active. Set"
                f" ANSIBLE_CALLBACKS_ENABLED={CALLBACK}, or run the collection's own playbook."
            )
        if "outage" in self.problems:
            shipped.failed_at = time.time()
        fresh = [kind for kind in self.problems if kind not in shipped.warned or (self.last and kind not in ONCE)]
        self.outcome.warnings += [self._said(kind) for kind in fresh]
        if self.last and self.outcome.kept and not self.problems:
            self.problems["kept"] = ""
            self.outcome.warnings.append(self._said("kept"))
        shipped.warned = sorted({*shipped.warned, *self.problems})
        spool.write_shipped(self.path, shipped)

    def _said(self, kind: str) -> str:
        if kind == "callback":
            return self.problems[kind]
        stay = f"{self.outcome.kept} records stay in {self.path}, to be shipped later."
        return f"CloudWatch did not take everything: {self.problems[kind]} {stay}".replace(":  ", ": ")

    # the thread's

    def _ship(self, path: Path) -> None:
        with spool.alone(path) as alone:
            shipped = spool.read_shipped(path)
            if not alone or (not self.last and 0 <= time.time() - shipped.failed_at < PAUSE):
                return
            shipped.failed_at = 0.0
            lines = spool.read(path)
            if not lines:
                return
            self._part("outage", functools.partial(self._ship_logs, path, lines, shipped))
            self._part("outage", functools.partial(self._ship_metrics, path, lines, shipped))
            if all(line.end <= shipped.offsets.get(line.record["step"], 0) for line in lines):
                shipped.size = lines[-1].end
                self._save(path, shipped)

    def _part(self, kind: str, make: Callable[[], None]) -> None:
        """Logs and metrics have endpoints and permissions of their own."""
        try:
            make()
        except RestoreError as error:
            self.problems[kind] = str(error)

    def _ship_logs(self, path: Path, lines: list[spool.Line], shipped: spool.Shipped) -> None:
        waiting = dict(pending(lines, shipped))
        logs = self.to.client("logs") if waiting else None
        missing = []
        for step, events in waiting.items():
            group, stream = f"{self.to.log_group_prefix}/{step}", path.name.removesuffix(spool.SUFFIX)
            try:
                if step not in shipped.offsets:
                    make_stream(logs, group, stream)
                self._put(path, shipped, step, events, functools.partial(put_events, logs, group, stream))
            except AwsError as error:
                if error.code != "ResourceNotFoundException":
                    raise
                missing.append(group)
        if missing:
            self.problems["groups"] = (
                f"there is no log group {', '.join(missing)}. Make the log groups with the playbook bootstrap.yml, or"
                " set aurora_restore_cloudwatch to false."
            )

    def _put(
        self, path: Path, shipped: spool.Shipped, step: str, events: list[Event],
        call: Callable[[list[Event]], Mapping[str, Any]],
    ) -> None:  # fmt: skip
        found = portions(events, round(time.time() * 1000))
        lost = found.dropped
        for batch in found.batches:
            if self.over:
                return
            lost += rejected(call(batch).get("rejectedLogEventsInfo"), len(batch))
            shipped.offsets[step] = batch[-1].end
            self._save(path, shipped)
            self.outcome.events += len(batch)
        if lost:
            self.outcome.events -= lost - found.dropped
            self.outcome.rejected += lost
            self.problems["rejected"] = f"{lost} log events of step {step} were rejected as too old or too new."
        shipped.offsets[step] = events[-1].end
        self._save(path, shipped)

    def _ship_metrics(self, path: Path, lines: list[spool.Line], shipped: spool.Shipped) -> None:
        fresh = [line for line in lines if line.end > shipped.offsets.get(METRICS, 0)]
        data = [datum for line in fresh for datum in metrics.data_of(line.record)]
        if not fresh or self.over:
            return
        batches = metrics.calls(data, round(time.time() * 1000))
        cloudwatch = self.to.client("cloudwatch") if batches else None
        for batch in batches:
            put_metrics(cloudwatch, self.to.metric_namespace, batch)
            self.outcome.metrics += len(batch)
        shipped.offsets[METRICS] = fresh[-1].end
        self._save(path, shipped)

    def _ship_what_others_left(self) -> None:
        target = spool.read(self.path)[0].record.get("target")
        for path in spool.left_behind(self.path.parent, self.path, time.time() - MAX_AGE / 1000 + DAY / 1000):
            first = next(iter(spool.read(path)), None)
            if self.over or first is None or first.record.get("target") != target:
                continue
            self._ship(path)

    def _save(self, path: Path, shipped: spool.Shipped) -> None:
        with self.lock:
            if not self.over:
                spool.write_shipped(path, shipped)


def pending(lines: Iterable[spool.Line], shipped: spool.Shipped) -> Iterator[tuple[str, list[Event]]]:
    """The events of each step that CloudWatch does not have. Pure."""
    waiting: dict[str, list[Event]] = {}
    for line in lines:
        step = line.record["step"]
        if line.end > shipped.offsets.get(step, 0):
            waiting.setdefault(step, []).append(Event(moment_of(line.record), line.text, line.end))
    yield from waiting.items()


@aws_call("CreateLogStream")
def _create_log_stream(logs: Client, group: str, stream: str) -> None:
    logs.create_log_stream(logGroupName=group, logStreamName=stream)


def make_stream(logs: Client, group: str, stream: str) -> None:
    """The stream of an operation; an earlier attempt, or another machine's, may have made it."""
    try:
        _create_log_stream(logs, group, stream)
    except AwsError as error:
        if error.code != "ResourceAlreadyExistsException":
            raise


@aws_call("PutLogEvents")
def put_events(logs: Client, group: str, stream: str, events: Iterable[Event]) -> dict[str, Any]:
    entries = [{"timestamp": event.moment, "message": event.message} for event in events]
    return dict(logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=entries))


@aws_call("PutMetricData")
def put_metrics(cloudwatch: Client, namespace: str, data: list[dict[str, Any]]) -> None:
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)
