# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""PutLogEvents that keeps a part of the events only.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_RejectedLogEventsInfo.html: an end index is
exclusive, a start index inclusive.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sandbox.faults.model import RejectsLogEvents
from sandbox.logs import kept

INFO = "rejectedLogEventsInfo"


def split(parameters: Mapping[str, Any], effect: RejectsLogEvents) -> tuple[dict[str, Any], dict[str, int]]:
    """What is left of the request, and what its answer says of the rest."""
    events = list(parameters.get("logEvents") or [])
    count = len(events)
    ends = {
        "tooOldLogEventEndIndex": min(count, effect.too_old),
        "expiredLogEventEndIndex": min(count, effect.expired),
    }
    info = {name: index for name, index in ends.items() if index}
    first = max(ends.values())
    if effect.too_new and first < count:
        info["tooNewLogEventStartIndex"] = max(first, count - effect.too_new)
    return {**parameters, "logEvents": events[kept(count, info)]}, info


def told(answer: bytes, info: Mapping[str, int]) -> bytes:
    """The answer with what was rejected."""
    content = json.loads(answer or b"{}")
    return json.dumps({**content, INFO: {**content.get(INFO, {}), **info}}).encode()
