# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sandbox's journal says about leases: who was granted which fence and when, which calls broke the rules. Pure.

A call is known by the interval in which the sandbox had it. What overlaps may have happened in either order; only what
came after the answer to a newer grant is certainly late.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Call = Mapping[str, Any]
DESTRUCTIVE = ("DeleteDBInstance", "DeleteDBCluster", "DeleteDBClusterSnapshot", "ModifyDBCluster")
AGENT = re.compile(r"\bop=(\w+) fence=(\d+)")
ASSIGNED = re.compile(r"(#\w+) = (:\w+)")
# The journal's times are cut to milliseconds.
GRAIN = 0.001


@dataclass(frozen=True)
class Grant:
    """A lease that was taken: the write that raised the fence."""

    cluster: str
    fence: int
    owner: str
    operation: str
    began: float
    ended: float


def began(call: Call) -> float:
    return datetime.fromisoformat(call["time"]).timestamp()


def ended(call: Call) -> float:
    return began(call) + float(call["duration"])


def grants(calls: Iterable[Call]) -> list[Grant]:
    """All leases that were taken, in the order in which they were answered."""
    found = []
    for call in calls:
        for update in lease_updates(call):
            values = assigned(update)
            if "held_by" in values:
                place = (began(call), ended(call))
                found.append(
                    Grant(cluster_of(update), int(values["fence"]), values["owner"], values["held_by"], *place)
                )
    return sorted(found, key=lambda grant: grant.ended)


def renewals(calls: Iterable[Call]) -> Iterator[tuple[Call, str, int, str]]:
    """Every successful write on condition of a fence: the call, the cluster, the fence and the owner."""
    for call in calls:
        for update in lease_updates(call):
            known = update.get("ExpressionAttributeValues", {})
            if "held_by" not in assigned(update) and ":owner" in known:
                yield call, cluster_of(update), int(known[":fence"]["N"]), known[":owner"]["S"]


def contested(calls: Iterable[Call]) -> int:
    """How many leases were asked for by somebody who had seen them free, and had gone to somebody else meanwhile."""
    asked = (call for call in calls if call["error_code"] == "TransactionCanceledException")
    return sum("held_by" in assigned(update) for call in asked for update in lease_parts(call))


def destructive(calls: Iterable[Call]) -> Iterator[Call]:
    """The calls of this project that destroy something."""
    for call in calls:
        if call["service"] == "rds" and call["action"] in DESTRUCTIVE and "aurora-restore" in call["user_agent"]:
            yield call


def problems(calls: Sequence[Call]) -> list[str]:
    """Every rule that was broken, as sentences."""
    by_cluster: dict[str, list[Grant]] = defaultdict(list)
    for grant in grants(calls):
        by_cluster[grant.cluster].append(grant)
    found = []
    for cluster, taken in by_cluster.items():
        fences = [grant.fence for grant in taken]
        if fences != list(range(1, len(fences) + 1)):
            found.append(f"{cluster}: fences were granted as {fences}")
    for call in destructive(calls):
        found += destructive_problems(call, by_cluster)
    for call, cluster, fence, owner in renewals(calls):
        what = f"call {call['number']}, a write for fence {fence} of {cluster}"
        owners = {grant.owner for grant in by_cluster[cluster] if grant.fence == fence}
        if owners != {owner}:
            found.append(f"{what}: {owner} wrote it, granted to {sorted(owners)}")
        found += late(what, call, fence, by_cluster[cluster])
    return found


def destructive_problems(call: Call, by_cluster: Mapping[str, Sequence[Grant]]) -> list[str]:
    """What is wrong with a call that destroys something."""
    what = f"call {call['number']}, {call['action']} of {call['resource']}"
    named = AGENT.search(call["user_agent"])
    if named is None:
        return [f"{what}: no operation and fence in its user agent"]
    operation, fence = named[1], int(named[2])
    mine = [
        grant
        for taken in by_cluster.values()
        for grant in taken
        if (grant.operation, grant.fence) == (operation, fence)
    ]
    if len(mine) != 1 or not str(call["resource"]).startswith(mine[0].cluster) or mine[0].began > ended(call):
        return [f"{what}: it carries fence {fence} of operation {operation}, which was not granted so"]
    return late(f"{what} with fence {fence}", call, fence, by_cluster[mine[0].cluster])


def late(what: str, call: Call, fence: int, taken: Iterable[Grant]) -> list[str]:
    """Whether the call came after somebody else had been granted a higher fence."""
    newer = [grant for grant in taken if grant.fence > fence and grant.ended + GRAIN <= began(call)]
    return [f"{what}: {began(call) - grant.ended:.3f} s after fence {grant.fence} was granted" for grant in newer[:1]]


def lease_updates(call: Call) -> Iterator[Mapping[str, Any]]:
    """The updates of leases that a successful call made."""
    if call["service"] == "dynamodb" and call["status"] == 200:
        yield from lease_parts(call)


def lease_parts(call: Call) -> Iterator[Mapping[str, Any]]:
    """The updates of leases that a call of DynamoDB asks for."""
    parameters = call["parameters"]
    for part in parameters.get("TransactItems", [{"Update": parameters}]):
        update = part.get("Update", {})
        if update.get("Key", {}).get("step") == {"S": "#lease"} and "UpdateExpression" in update:
            yield update


def assigned(update: Mapping[str, Any]) -> dict[str, str]:
    """The attributes that an update sets to plain values."""
    names, values = update.get("ExpressionAttributeNames", {}), update.get("ExpressionAttributeValues", {})
    return {
        names[name]: str(next(iter(values[value].values())))
        for name, value in ASSIGNED.findall(update["UpdateExpression"])
    }


def cluster_of(update: Mapping[str, Any]) -> str:
    return str(update["Key"]["operation_id"]["S"]).rpartition("/")[2]
