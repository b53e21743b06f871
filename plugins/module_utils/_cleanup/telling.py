# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cleanup tells people, and what it costs to keep things. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import (
    COPY,
    FINAL_SNAPSHOT,
    STATE,
    Decision,
    World,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.prices import CURRENCY

DIGITS = 2


def cost(deleted: Sequence[Decision], kept: Sequence[Decision], prices: Mapping[str, Any]) -> dict[str, Any]:
    """What the snapshots cost a month.

    :param prices: those of the region, see ``prices``.
    """
    price = prices.get("backup_storage")
    return {
        "currency": str(prices.get("currency") or CURRENCY),
        "price_gib_month": price,
        "prices_of": prices.get("date"),
        "source": prices.get("source"),
        "deleted": _sum(deleted, price),
        "kept": _sum(kept, price),
    }


def _sum(decisions: Sequence[Decision], price: float | None) -> dict[str, Any]:
    """gib and a month's amount of those whose size is known; amount None: no price. unknown: how many others."""
    snapshots = [item for item in decisions if item.is_snapshot]
    gib = sum(item.size_gib or 0 for item in snapshots)
    return {
        "gib": gib,
        "month": round(gib * price, DIGITS) if price is not None else None,
        "unknown": sum(item.size_gib is None for item in snapshots),
    }


def lines(
    world: World,
    deleted: Sequence[Decision],
    kept: Sequence[Decision],
    reported: Sequence[Decision],
    costs: Mapping[str, Any],
    applied: bool,
    foreign: int,
) -> list[str]:
    """All of it, for people."""
    goes = "Deleted" if applied else "Would be deleted"
    owners = {COPY: str(world.source), FINAL_SNAPSHOT: str(world.target)}
    own = [item for item in kept if item.owner == owners.get(item.kind)]
    others = sum(item.is_snapshot for item in kept) - len(own)
    told = [f"Target {world.target}, copies of {world.source}:"]
    told += [f"{goes}: {_line(item, costs)}" for item in deleted] or [f"{goes}: nothing."]
    told += [f"Kept: {_line(item, costs)}" for item in own]
    told += [f"Kept: {operations}."] if (operations := _operations(kept)) else []
    told += [f"Kept: {others} of other sources and targets."] if others else []
    told += [f"Look at: {_line(item, costs)} {item.hint}" for item in reported]
    told += [f"Not looked at: {foreign} manual snapshots that are not this collection's."] if foreign else []
    told.append(
        f"Storage of what goes: {_told(costs['deleted'], costs)}; of what stays: {_told(costs['kept'], costs)}."
    )
    if deleted and not applied:
        told.append("Nothing was deleted: -e aurora_restore_cleanup_apply=true does it.")
    return told


def _line(item: Decision, costs: Mapping[str, Any]) -> str:
    if item.kind == STATE:
        return f"operation {item.name} ({item.items} items): {item.reason}."
    facts = [item.status]
    facts += [f"{item.age_days:g} days old"] if item.age_days is not None else []
    facts += [_told(_sum([item], costs["price_gib_month"]), costs)] if item.is_snapshot else []
    return f"{item.kind} {item.name} ({', '.join(facts)}): {item.reason}."


def _operations(kept: Sequence[Decision]) -> str:
    number = sum(item.kind == STATE for item in kept)
    return f"{number} operation{'s' if number > 1 else ''} in the state table" if number else ""


def _told(total: Mapping[str, Any], costs: Mapping[str, Any]) -> str:
    """A sum in words: AWS often does not say how big a snapshot of Aurora is."""
    unknown, gib, month = total["unknown"], total["gib"], total["month"]
    if not gib:
        return "size and cost not known" if unknown else "none"
    said = f"{gib} GiB, " + (f"{month:.2f} {costs['currency']} a month" if month is not None else "price not known")
    return said + (f", and {unknown} of unknown size" if unknown else "")
