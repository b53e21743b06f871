# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the calls of a journal that change RDS carried the fence that was current when they were made. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kill.points import CHANGES

FENCE = re.compile(r"\bfence=(\d+)")
ASSIGNMENT = re.compile(r"(#\w+) = (:\w+)")


def stale_calls(calls: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with the calls that change something: no fence, or another than the current one."""
    wrong, current = [], 0
    for call in calls:
        if call["service"] == "dynamodb" and call["status"] == 200:
            current = next(_fences_taken(call["parameters"]), current)
        elif call["service"] == "rds" and CHANGES.match(call["action"]):
            found = FENCE.search(call["user_agent"] or "")
            if found is None or int(found[1]) != current:
                carried = f"fence {found[1]}" if found else "no fence"
                wrong.append(f"{call['number']} {call['action']} {call['resource']}: {carried}, current is {current}")
    return wrong


def _fences_taken(parameters: Mapping[str, Any]) -> Iterator[int]:
    """The fence that a write gives the lease, if it does."""
    for part in parameters.get("TransactItems", [{"Update": parameters}]):
        update = part.get("Update", {})
        if update.get("Key", {}).get("step") != {"S": "#lease"}:
            continue
        set_clause = update.get("UpdateExpression", "")
        for name, value in ASSIGNMENT.findall(set_clause):
            if update["ExpressionAttributeNames"][name] == "fence":
                yield int(update["ExpressionAttributeValues"][value]["N"])
