# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where each step of an operation stands: from what its journal says and what AWS shows now. Pure.

A new operation has an empty journal; one that is resumed has what its earlier attempts recorded. The modules look once
more, right before each call; this is what a run expects to do, and where it refuses to go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Resumed, Wishes
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import is_own
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import TAG_RESTORED, Cluster, Snapshot
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import (
    AVAILABLE,
    CLUSTER_TERMINAL,
    DELETING,
)

START = "start"
ADOPT = "adopt"  # something is in flight, or half done: gone on with
REUSE = "reuse"  # done already, and used
REMOVE = "remove"  # a wreck of this operation: removed, then done again
SKIP = "skip"  # nothing to do
REFUSE = "refuse"  # something foreign is in the way


@dataclass(frozen=True)
class Stand:
    """How a step stands, and why, as a phrase."""

    step: str
    how: str
    why: str


def stands(wishes: Wishes, target: Cluster | None, needs_copy: bool, copy: Snapshot | None) -> list[Stand]:
    """All steps after preflight, in order.

    :param target: the cluster that has the target's name now.
    :param copy: the copy of the chosen snapshot under the wanted key, if there is one that can be used.
    """
    return list(_stands(wishes, wishes.resumed or Resumed(), target, needs_copy, copy))


def _stands(
    wishes: Wishes, resumed: Resumed, target: Cluster | None, needs_copy: bool, copy: Snapshot | None
) -> Iterator[Stand]:
    restored = restore_stand(wishes, target)
    yield Stand("snapshot_check", REUSE, "pinned") if resumed.snapshot else Stand("snapshot_check", START, "chosen now")
    yield copy_stand(needs_copy, copy)
    yield delete_stand(wishes, resumed, target)
    yield restored
    if restored.how == REUSE and resumed.status("db_users") == "succeeded":
        yield Stand("db_users", REUSE, "set up; checked once more")
    else:
        yield Stand("db_users", START, "not set up yet")
    if not wishes.sns_topic_arn:
        yield Stand("notification", SKIP, "no topic")
    elif resumed.status("notification") == "succeeded":
        yield Stand("notification", SKIP, "sent already")
    else:
        # A message whose record was lost is sent again: rather twice than never.
        yield Stand("notification", START, "not recorded as sent")


def copy_stand(needs_copy: bool, copy: Snapshot | None) -> Stand:
    step = "snapshot_copy"
    if not needs_copy:
        return Stand(step, SKIP, "the snapshot can be restored where it is")
    if copy is None:
        return Stand(step, START, "there is no copy yet")
    if copy.status == AVAILABLE:
        return Stand(step, REUSE, f"copy {copy.id} is available")
    return Stand(step, ADOPT, f"copy {copy.id} is {copy.status}")


def delete_stand(wishes: Wishes, resumed: Resumed, target: Cluster | None) -> Stand:
    step = "cluster_delete"
    if target is None:
        return Stand(step, SKIP, "there is no cluster of that name" + (" any more" if resumed.replaced else ""))
    if is_own(target, wishes.operation_id):
        if target.status == DELETING:
            return Stand(step, ADOPT, f"what this operation had restored is {target.status}")
        if target.status in CLUSTER_TERMINAL:
            return Stand(step, REMOVE, f"what this operation had restored is {target.status}")
        return Stand(step, SKIP, "the cluster of that name is what this operation has restored")
    if resumed.replaced and target.resource_id != resumed.replaced.get("resource_id"):
        meant = resumed.replaced.get("resource_id")
        return Stand(
            step,
            REFUSE,
            f"cluster {target.id} ({target.resource_id}, {target.status}) is neither what this operation has restored"
            + (f" nor the cluster that it was removing ({meant})" if meant else "; there was none when it began")
            + ": somebody made it meanwhile",
        )
    if target.status == DELETING:
        return Stand(step, ADOPT, f"cluster {target.id} is {target.status}")
    going = [item.id for item in target.instances if item.status == DELETING]
    if going or resumed.replaced:
        return Stand(step, ADOPT, f"the deletion of {target.id} had begun" + (f": {', '.join(going)}" if going else ""))
    return Stand(step, START, f"cluster {target.id} is {target.status}")


def restore_stand(wishes: Wishes, target: Cluster | None) -> Stand:
    step = "cluster_restore"
    if target is None or not is_own(target, wishes.operation_id) or target.status in (*CLUSTER_TERMINAL, DELETING):
        return Stand(step, START, "nothing is restored yet")
    if target.tags.get(TAG_RESTORED):
        return Stand(step, REUSE, f"cluster {target.id} is restored and complete")
    members = ", ".join(f"{item.id} {item.status}" for item in target.instances) or "no instance yet"
    return Stand(step, ADOPT, f"cluster {target.id} is {target.status} ({members}), not complete")


def of_step(all_stands: list[Stand], step: str) -> Stand:
    return next(stand for stand in all_stands if stand.step == step)
