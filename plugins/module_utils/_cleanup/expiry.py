# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which operations leave the state table. Pure.

DynamoDB removes what is expired by itself, within days and item by item; nothing reads it meanwhile. What it leaves (an
item that was written without a time to expire) is left for ever.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.operations import Operation
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import (
    DELETE,
    KEEP,
    STATE,
    Decision,
    Rules,
    World,
)


def decide_operations(world: World, rules: Rules) -> list[Decision]:
    """What is done about each operation of the target, and about what is left of operations of nobody."""
    mine = [item for item in world.operations if item.target in (str(world.target), None)]
    return [_decision(item, world.now, rules) for item in mine if item.items]


def _decision(operation: Operation, now: datetime, rules: Rules) -> Decision:
    goes, reason = judge(operation, now, rules)
    return Decision(
        DELETE if goes else KEEP,
        STATE,
        operation.id,
        operation.id,
        reason,
        owner=operation.target or "",
        status=operation.status,
        created_at=operation.began,
        age_days=round((now - operation.began) / timedelta(days=1), 1),
        items=len(operation.items),
    )


def judge(operation: Operation, now: datetime, rules: Rules) -> tuple[bool, str]:
    """Whether an operation goes, and why, or why not."""
    if operation.held_target is not None:
        return False, f"it holds the lease of {operation.held_target}"
    if operation.is_unfinished:
        return False, f"it is unfinished ({operation.status or 'without a status'})"
    if operation.expires is not None:
        days = (operation.expires - now.timestamp()) / 86400
        if days >= 0:
            return False, f"it is {operation.status or 'what is left of one'}, and expires in {days:.1f} days"
        what = f"it is {operation.status}, and" if operation.item is not None else "its operation is gone, and the rest"
        return True, f"{what} has been expired for {-days:.1f} days"
    if operation.item is not None:
        return False, f"it is {operation.status}, and is kept for ever (a retention of 0 days)"
    if (now - operation.began) / timedelta(hours=1) < rules.minimum_age_hours:
        return False, "it has no operation, but is young"
    return True, "its operation is gone, and nothing else would ever remove the rest"
