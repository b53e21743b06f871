# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log events as calls: within every limit, in order, nothing lost, nothing twice."""

from __future__ import annotations

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe import batches
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe.batches import (
    DAY,
    HOUR,
    MAX_AGE,
    MAX_BYTES,
    MAX_EVENT_BYTES,
    MAX_EVENTS,
    OVERHEAD,
    Event,
    portions,
    rejected,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NOW = 20_000 * DAY

moments = st.integers(min_value=NOW - 16 * DAY, max_value=NOW + 3 * HOUR)
messages = st.one_of(
    st.text(min_size=1, max_size=5), st.sampled_from(["x" * 300_000, "ä" * 131_000, "\U0001f600" * 70_000])
)
lists = st.lists(st.tuples(moments, messages), max_size=12)


@settings(max_examples=40, deadline=None)
@given(lists)
def test_every_call_is_one_that_aws_takes(content: list[tuple[int, str]]) -> None:
    events = [Event(moment, message, number) for number, (moment, message) in enumerate(content, 1)]
    found = portions(events, NOW)
    taken = [event for batch in found.batches for event in batch]
    assert len(taken) + found.dropped == len(events)
    assert [event.end for event in taken] == sorted({event.end for event in taken}), "in the order of the file"
    for batch in found.batches:
        times = [event.moment for event in batch]
        assert times == sorted(times) and times[-1] - times[0] <= DAY
        assert times[0] >= NOW - MAX_AGE and times[-1] <= NOW
        assert 0 < len(batch) <= MAX_EVENTS
        assert sum(len(event.message.encode()) + OVERHEAD for event in batch) <= MAX_BYTES
        assert all(0 < len(event.message.encode()) <= MAX_EVENT_BYTES for event in batch)
    # No call could have taken the next event as well.
    for batch, following in zip(found.batches, found.batches[1:], strict=False):
        size = sum(event.size for event in (*batch, following[0]))
        assert size > MAX_BYTES or following[0].moment - batch[0].moment > DAY


def test_at_most_10000_events() -> None:
    found = portions([Event(NOW, "m", number) for number in range(2 * MAX_EVENTS + 1)], NOW)
    assert [len(batch) for batch in found.batches] == [MAX_EVENTS, MAX_EVENTS, 1]


def test_a_batch_may_be_full_to_the_last_byte() -> None:
    quarter = "x" * (MAX_BYTES // 4 - OVERHEAD)
    assert [len(batch) for batch in portions([Event(NOW, quarter)] * 5, NOW).batches] == [4, 1]
    assert [len(batch) for batch in portions([Event(NOW, quarter)] * 4 + [Event(NOW, "x")], NOW).batches] == [4, 1]


def test_an_event_that_is_too_large_is_cut_between_characters_and_says_so() -> None:
    (batch,) = portions([Event(NOW, "ä" * MAX_EVENT_BYTES)], NOW).batches
    message = batch[0].message
    assert message.endswith(batches.CUT) and set(message.removesuffix(batches.CUT)) == {"ä"}
    assert MAX_EVENT_BYTES - 2 < len(message.encode()) <= MAX_EVENT_BYTES


def test_times_never_go_back() -> None:
    """A clock that was set, and events that were remembered until the operation was known."""
    found = portions([Event(NOW - 5, "a"), Event(NOW - 9, "b"), Event(NOW - 1, "c"), Event(NOW + HOUR, "d")], NOW)
    assert [(event.moment, event.message) for event in found.batches[0]] == [
        (NOW - 5, "a"), (NOW - 5, "b"), (NOW - 1, "c"), (NOW, "d"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("info", "count"),
    [
        (None, 0),
        ({}, 0),
        ({"tooOldLogEventEndIndex": 2}, 2),
        ({"expiredLogEventEndIndex": 3, "tooOldLogEventEndIndex": 1}, 3),
        ({"tooNewLogEventStartIndex": 4}, 6),
        ({"tooOldLogEventEndIndex": 2, "tooNewLogEventStartIndex": 9}, 3),
        ({"tooOldLogEventEndIndex": 10, "tooNewLogEventStartIndex": 0}, 10),
    ],
)
def test_rejected_events_are_counted(info: dict[str, int] | None, count: int) -> None:
    assert rejected(info, 10) == count
