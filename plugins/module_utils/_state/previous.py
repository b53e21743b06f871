# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an operation leaves to the next run of its target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import STEPS, latest_key
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.report import operation_summary, split_items
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.resuming import UNFINISHED

# Operations that failed one after the other, as remembered by the next one
MAX_CHAIN = 50


def read_previous(client: Client, table: str, target: str) -> dict[str, Any] | None:
    """The target's last operation, if there is one; see ``read_operation``."""
    latest = state_table.get_item(client, table, latest_key(target))
    operation_id = (latest or {}).get("last_operation_id")
    return read_operation(client, table, operation_id) if operation_id else None


def read_operation(client: Client, table: str, operation_id: str) -> dict[str, Any] | None:
    """The operation item, with what its steps tell: ``steps`` (name to item), and what ``told`` adds."""
    item, steps, audit = split_items(state_table.query_operation(client, table, operation_id))
    return {**item, **told(item, steps, audit)} if item else None


def told(
    item: Mapping[str, Any], steps: Iterable[Mapping[str, Any]], audit: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What the steps of an operation tell about it. Pure.

    ``begun``: it has announced at least one call that changes AWS. ``delete_began``: it had begun to remove the target.
    """
    by_name = {str(step["step"]): dict(step) for step in steps}
    moments = [item.get("started_at"), item.get("resumed_at"), item.get("finished_at")]
    moments += [(step.get("progress") or {}).get("at") for step in by_name.values()]
    moments += [entry.get("time") for entry in audit]
    return {
        "steps": by_name,
        "begun": any(step.get("intent") for step in by_name.values()),
        "delete_began": delete_began(by_name.get("cluster_delete") or {}),
        "last_sign": max(str(moment) for moment in moments if moment),
    }


def delete_began(step: Mapping[str, Any]) -> bool:
    """Whether a cluster_delete step got as far as taking something away: protection, members or the cluster."""
    last = str((step.get("intent") or {}).get("action", ""))
    began = last in ("ModifyDBCluster", "DeleteDBInstance", "DeleteDBCluster")
    return began or bool((step.get("result") or {}).get("first_destructive_at"))


def current_step(operation: Mapping[str, Any]) -> dict[str, Any] | None:
    """The step that runs, or that an unfinished operation ended in."""
    steps = operation.get("steps") or {}
    begun = [steps[name] for name in STEPS if name in steps]
    return next((step for step in reversed(begun) if step.get("status") != "succeeded"), begun[-1] if begun else None)


def unfinished(previous: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The summary of an operation that did not succeed, with the configuration to go on from. Pure.

    The configuration is the one that it captured, or that it had itself inherited: a run that dies after the delete,
    and any number of runs that fail after that, lose nothing. ``operations`` are the failed operations since the last
    that succeeded, newest first: a cluster that carries one of their ids is a wreck, not what was captured.
    ``deleting_since`` is the start of the first of them that had begun to remove the target: what is left of a cluster
    that is older has lost members, or its protection, to that.
    """
    if previous is None or previous.get("status") == "succeeded":
        return None
    began = previous["started_at"] if previous.get("delete_began") else None
    return {
        **operation_summary(previous),
        "configuration": previous.get("configuration") or previous.get("inherited_configuration"),
        "operations": [previous["operation_id"], *(previous.get("inherited_operations") or [])][:MAX_CHAIN],
        "deleting_since": previous.get("inherited_deleting_since") or began,
    }


def others_with_snapshot(operations: Iterable[Mapping[str, Any]], this: Mapping[str, Any]) -> list[str]:
    """Ids of other unfinished operations that restore the same snapshot, and so share its copy. Pure."""
    wanted = (this.get("snapshot") or {}).get("db_cluster_snapshot_arn")
    return [
        str(item["operation_id"])
        for item in operations
        if wanted
        and item["operation_id"] != this["operation_id"]
        and item.get("status") in UNFINISHED
        and (item.get("snapshot") or {}).get("db_cluster_snapshot_arn") == wanted
    ]
