# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Log events in the portions that PutLogEvents takes. Pure.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

MAX_BYTES = 1_048_576
MAX_EVENTS = 10_000
# What AWS adds to each event when it counts bytes.
OVERHEAD = 26
# 1 MB since 2025, and 256 KB before that, also of installations that stand in for AWS: the lower one fits all.
MAX_EVENT_BYTES = 262_144 - OVERHEAD
CUT = " (cut: the event was larger than CloudWatch Logs takes)"
HOUR = 3_600_000
DAY = 24 * HOUR
MAX_SPAN = DAY
MAX_AGE = 14 * DAY


@dataclass(frozen=True)
class Event:
    """
    :param moment: when it happened, in milliseconds since 1970.
    :param end: where what comes after it begins in the file that it is from.
    """

    moment: int
    message: str
    end: int = 0

    @property
    def size(self) -> int:
        return len(self.message.encode()) + OVERHEAD


@dataclass(frozen=True)
class Portions:
    """
    :param batches: each is one call; none of them is empty.
    :param dropped: how many events are too old for any call.
    """

    batches: list[list[Event]]
    dropped: int = 0


def portions(events: Iterable[Event], now: int) -> Portions:
    """Events, in the order in which they were written, as calls that AWS does not refuse.

    :param now: in milliseconds since 1970.
    """
    taken: list[list[Event]] = []
    size = dropped = 0
    for event in in_order(events, now):
        if event.moment < now - MAX_AGE:
            dropped += 1
            continue
        fitting = cut(event)
        if not taken or not _fits(taken[-1], size, fitting):
            taken.append([])
            size = 0
        taken[-1].append(fitting)
        size += fitting.size
    return Portions(taken, dropped)


def in_order(events: Iterable[Event], now: int) -> list[Event]:
    """Events whose times never go back, as one call wants them, and that are not in the future.

    They are written in the order in which they happened, but for those before the operation was known, which are a
    second late, and but for clocks that are set. The message keeps its own time.
    """
    ordered: list[Event] = []
    last = 0
    for event in events:
        last = max(last, min(event.moment, now))
        ordered.append(replace(event, moment=last))
    return ordered


def cut(event: Event) -> Event:
    """The event, or as much of it as AWS takes, with a mark."""
    content = event.message.encode()
    if len(content) <= MAX_EVENT_BYTES:
        return event
    kept = content[: MAX_EVENT_BYTES - len(CUT.encode())].decode(errors="ignore")
    return replace(event, message=kept + CUT)


def _fits(batch: Sequence[Event], size: int, event: Event) -> bool:
    return (
        len(batch) < MAX_EVENTS
        and size + event.size <= MAX_BYTES
        and event.moment - batch[0].moment <= MAX_SPAN
    )  # fmt: skip


def rejected(info: Mapping[str, int] | None, count: int) -> int:
    """How many events of a call AWS did not keep, from the rejectedLogEventsInfo of its answer.

    The end indexes are exclusive, the start index is inclusive.
    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_RejectedLogEventsInfo.html
    """
    said = info or {}
    first = max(said.get("tooOldLogEventEndIndex", 0), said.get("expiredLogEventEndIndex", 0))
    last = max(first, said.get("tooNewLogEventStartIndex", count))
    return min(count, first) + max(0, count - last)
