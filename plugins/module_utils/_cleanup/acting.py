# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Deleting what was decided on, each thing after another look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup import calls, expiry, rules
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.looking import Desk, StaleLook
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.operations import operations_of
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import DELETE, KEEP, Decision, Rules
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import (
    AwsError,
    RestoreError,
    StateError,
    WaitTimeout,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Look, Poller, done, pending
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.api import SNAPSHOT_GONE
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import lease_key

GONE = "it is gone already"


@dataclass
class Outcome:
    """What came of the decisions: failed ones with their errors."""

    deleted: list[Decision] = field(default_factory=list)
    kept: list[Decision] = field(default_factory=list)
    failed: list[tuple[Decision, RestoreError]] = field(default_factory=list)


class Incomplete(RestoreError):
    """Not all that was to be deleted could be."""

    kind = "incomplete"


def apply(desk: Desk, decided: Sequence[Decision], settings: Rules, poller: Poller) -> Outcome:
    """Delete what is to go, one after the other; what fails does not stop the rest.

    :param poller: how long each may take when AWS asks to slow down, or does not answer.
    :raises RunnerGone: nobody is there any more; nothing further is deleted.
    """
    outcome = Outcome()
    for decision in (item for item in decided if item.verdict == DELETE):
        attempt = delete_snapshot if decision.is_snapshot else delete_state
        try:
            what = poller.until("the deletion", decision.name, partial(attempt, desk, decision, settings))
        except (AwsError, StateError, WaitTimeout) as error:
            outcome.failed.append((decision, error))
        else:
            (outcome.deleted if what.verdict == DELETE else outcome.kept).append(what)
    return outcome


def delete_snapshot(desk: Desk, decision: Decision, settings: Rules) -> Look[Decision]:
    """One attempt: decides anew on a new world, and deletes only what is still the same and still to go."""
    world = desk.look_again(decision)
    if decision.arn not in [snapshot.arn for snapshot in world.snapshots]:
        return done(replace(decision, reason=GONE))
    now = next((item for item in rules.decide_snapshots(world, settings) if item.arn == decision.arn), None)
    if now is None:
        return done(replace(decision, verdict=KEEP, reason="meanwhile its tags are not this collection's any more"))
    if (now.created_at, now.kind) != (decision.created_at, decision.kind):
        return done(replace(now, verdict=KEEP, reason="meanwhile another snapshot has its name"))
    if now.verdict != DELETE:
        return done(replace(now, reason=f"meanwhile {now.reason}"))
    try:
        api.delete_snapshot(desk.once, now.name)
    except StaleLook as stale:
        return pending(stale.message)
    except AwsError as error:
        if error.code not in SNAPSHOT_GONE:
            raise
        return done(replace(decision, reason=GONE))
    return done(decision)


def delete_state(desk: Desk, decision: Decision, settings: Rules) -> Look[Decision]:
    """One attempt, on the items as they are now; the writes fail when the operation's own item changes meanwhile."""
    desk.fresh.check_runner()
    items = calls.query_items(desk.dynamodb, desk.table, decision.name)
    if not items:
        return done(replace(decision, reason=GONE))
    lease = state_table.get_item(desk.dynamodb, desk.table, lease_key(decision.owner)) if decision.owner else None
    (operation,) = (item for item in operations_of([*items, *([lease] if lease else [])]) if item.id == decision.name)
    goes, reason = expiry.judge(operation, desk.now(), settings)
    if not goes:
        return done(replace(decision, verdict=KEEP, reason=f"meanwhile {reason}"))
    try:
        number = calls.delete_operation(desk.dynamodb, desk.table, decision.name, items)
    except state_table.ConditionFailed:
        return done(replace(decision, verdict=KEEP, reason="meanwhile somebody goes on with it"))
    return done(replace(decision, items=number))


def incomplete(outcome: Outcome) -> Incomplete:
    """The error for what could not be deleted, which says what is done and what is not."""
    done_names = ", ".join(item.name for item in outcome.deleted) or "nothing"
    open_ones = "; ".join(f"{item.kind} {item.name}: {error.message}" for item, error in outcome.failed)
    _decision, first = outcome.failed[0]
    return Incomplete(
        f"The cleanup is not complete. Deleted: {done_names}. Not deleted: {open_ones}",
        resource=first.resource,
        code=first.code,
        action=first.action,
        hint="Mend that, then run the same command again: it goes on with what is left.",
    )
