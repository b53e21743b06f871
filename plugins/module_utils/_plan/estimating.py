# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a restore takes, how long its target is gone, and what it costs: estimates. Pure.

Durations are those of the target's earlier operations where they did the same work, else of a model of size. What the
model's figures are from: ``docs/docsite/rst/plan_estimates.rst``.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.prices import CURRENCY
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.standing import (
    ADOPT,
    REFUSE,
    REMOVE,
    REUSE,
    SKIP,
    START,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import history as past
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import STEPS

Operation = Mapping[str, Any]
SERVERLESS = "db.serverless"
IO_OPTIMIZED = "aurora-iopt1"


@dataclass(frozen=True)
class Work:
    """What a plan comes to.

    :param how: how each step stands, see ``standing``; preflight is always done.
    :param size_gib: AllocatedStorage of the snapshot.
    :param final_snapshot: before, at_delete or none.
    :param members_deleted: members of the cluster that is removed.
    :param instances: the wanted members, with db_instance_class.
    :param scaling: serverless_v2_scaling_configuration.
    """

    how: Mapping[str, str]
    size_gib: int | None
    crosses_regions: bool
    source_region: str
    target_region: str
    final_snapshot: str
    members_deleted: int
    instances: Sequence[Mapping[str, Any]]
    scaling: Mapping[str, Any] | None
    storage_type: str | None


def known_size(work: Work) -> int | None:
    """The snapshot's size. 0 and 1 are what AWS says of Aurora when it does not say."""
    return work.size_gib if work.size_gib and work.size_gib > 1 else None


# ---- durations


@dataclass(frozen=True)
class Span:
    """Seconds: low <= usual <= high."""

    low: float
    usual: float
    high: float

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.usual + other.usual, self.high + other.high)

    def at_most(self, other: Span) -> Span:
        return Span(min(self.low, other.low), min(self.usual, other.usual), min(self.high, other.high))


@dataclass(frozen=True)
class Estimate:
    """A span, and what it is from: so many operations, else the model.

    :param nothing: there is nothing to do, and so nothing that it could be from.
    """

    span: Span
    samples: int = 0
    nothing: bool = False
    remarks: Sequence[str] = ()


AT_MOST = "at most"
UNSIZED = "size not known"
GONE_NOW = "none that can be used now: until logins work"
PARTLY = "in part history"
MINUTE, HOUR = 60.0, 3600.0
NONE = Span(0, 0, 0)
# What is done already is looked at once more.
LOOK = Span(0, 3, 15)
PREFLIGHT = Span(5, 15, 60)
SNAPSHOT_CHECK = Span(1, 3, 30)
COPY_START = Span(2 * MINUTE, 5 * MINUTE, 15 * MINUTE)
FINAL_SNAPSHOT_START = Span(1 * MINUTE, 3 * MINUTE, 15 * MINUTE)
REMOVE_MEMBERS = Span(2 * MINUTE, 5 * MINUTE, 15 * MINUTE)
REMOVE_CLUSTER = Span(2 * MINUTE, 5 * MINUTE, 15 * MINUTE)
RESTORE_START = Span(2 * MINUTE, 5 * MINUTE, 15 * MINUTE)
# The writer, then all readers at the same time.
CREATE_MEMBERS = Span(5 * MINUTE, 8 * MINUTE, 20 * MINUTE)
DB_USERS = Span(10, 30, 5 * MINUTE)
NOTIFICATION = Span(1, 2, 15)
# Seconds that each GiB adds
COPY_ACROSS_PER_GIB = Span(HOUR / 800, HOUR / 200, HOUR / 50)
COPY_WITHIN_PER_GIB = Span(HOUR / 2000, HOUR / 600, HOUR / 150)
FINAL_SNAPSHOT_PER_GIB = Span(0, 0.1, 1)
RESTORE_PER_GIB = Span(0.2, 0.75, 4)
# What a snapshot whose size is not known may have
UNKNOWN_SIZE = Span(1, 100, 2048)


def durations(work: Work, history: Sequence[Operation]) -> dict[str, Any]:
    """How long each step takes, all of them, and how long the target is gone.

    :param history: the target's last operations, newest first, as ``read_history`` returns them.
    """
    estimates = {step: rounded(step_estimate(work, history, step)) for step in STEPS}
    return {
        "steps": [{"step": step, **shown(estimate)} for step, estimate in estimates.items()],
        "total": shown(added(estimates.values())),
        "downtime": shown(downtime(work, history, estimates)),
        "size_gib": known_size(work),
    }


def step_estimate(work: Work, history: Sequence[Operation], step: str) -> Estimate:
    how = work.how.get(step, START)
    if how == REFUSE:
        return Estimate(NONE, nothing=True, remarks=["refused"])
    if how in (SKIP, REUSE):
        return Estimate(LOOK, nothing=True)
    whole = measured(history, _measure(work, step)) or by_model(work, step)
    if how != ADOPT:
        return whole
    # How much of it is done already nobody knows.
    return Estimate(Span(0, whole.span.usual, whole.span.high), whole.samples, remarks=[*whole.remarks, AT_MOST])


def measured(history: Sequence[Operation], measure: Callable[[Operation], float | None]) -> Estimate | None:
    values = past.samples(history, measure)
    return Estimate(Span(min(values), statistics.median(values), max(values)), len(values)) if values else None


def _measure(work: Work, step: str) -> Callable[[Operation], float | None]:
    """How long the step took in an operation, if it did the same kind of work there."""
    kinds: dict[str, Callable[[Work, Operation], bool]] = {
        "snapshot_copy": copied_alike,
        "cluster_delete": deleted_alike,
        "cluster_restore": restored_alike,
        "notification": told_alike,
    }
    alike = kinds.get(step)
    return lambda operation: past.step_seconds(operation, step) if alike is None or alike(work, operation) else None


def copied_alike(work: Work, operation: Operation) -> bool:
    return _did(operation, "snapshot_copy", "copied") and _source_region(operation) == work.source_region


def deleted_alike(work: Work, operation: Operation) -> bool:
    """A wreck is removed without a final snapshot, whatever was wished for."""
    wanted = "none" if work.how.get("cluster_delete") == REMOVE else work.final_snapshot
    return (
        _did(operation, "cluster_delete", "deleted")
        and (operation.get("options") or {}).get("final_snapshot") == wanted
    )


def removed_alike(work: Work, operation: Operation) -> bool:
    """Whether AWS took a snapshot within the deletion, or not, as it will now."""
    options = operation.get("options") or {}
    within = options.get("final_snapshot") == "at_delete"
    return _did(operation, "cluster_delete", "deleted") and within == (work.final_snapshot == "at_delete")


def restored_alike(_work: Work, operation: Operation) -> bool:
    return _did(operation, "cluster_restore", "restored")


def told_alike(_work: Work, operation: Operation) -> bool:
    return bool(past.result_of(operation, "notification").get("sent"))


def _did(operation: Operation, step: str, action: str) -> bool:
    return past.result_of(operation, step).get("action") == action


def _source_region(operation: Operation) -> Any:
    return (operation.get("source") or {}).get("region")


def by_model(work: Work, step: str) -> Estimate:
    span = modelled(work, step)
    depends = span != modelled(replace(work, size_gib=int(UNKNOWN_SIZE.high)), step)
    return Estimate(span, remarks=[UNSIZED] if depends and not known_size(work) else ())


def modelled(work: Work, step: str) -> Span:
    """The whole of a step, by the model."""
    if step == "snapshot_copy":
        return COPY_START + sized(work, COPY_ACROSS_PER_GIB if work.crosses_regions else COPY_WITHIN_PER_GIB)
    if step == "cluster_delete":
        kept = work.final_snapshot == "before" and work.how.get(step) != REMOVE
        return removal(work) + (final_snapshot(work) if kept else NONE)
    if step == "cluster_restore":
        members = [CREATE_MEMBERS] * min(len(work.instances), 2)
        return sum(members, RESTORE_START + sized(work, RESTORE_PER_GIB))
    fixed = {
        "preflight": PREFLIGHT,
        "snapshot_check": SNAPSHOT_CHECK,
        "db_users": DB_USERS,
        "notification": NOTIFICATION,
    }
    return fixed[step]


def removal(work: Work) -> Span:
    """What of a deletion destroys something: with at_delete, AWS takes the final snapshot meanwhile."""
    within = work.final_snapshot == "at_delete" and work.how.get("cluster_delete") != REMOVE
    members = REMOVE_MEMBERS if work.members_deleted else NONE
    return members + REMOVE_CLUSTER + (final_snapshot(work) if within else NONE)


def final_snapshot(work: Work) -> Span:
    """The target is taken to be as big as what takes its place."""
    return FINAL_SNAPSHOT_START + sized(work, FINAL_SNAPSHOT_PER_GIB)


def sized(work: Work, per_gib: Span) -> Span:
    size = known_size(work)
    gib = Span(size, size, size) if size else UNKNOWN_SIZE
    return Span(per_gib.low * gib.low, per_gib.usual * gib.usual, per_gib.high * gib.high)


def downtime(work: Work, history: Sequence[Operation], steps: Mapping[str, Estimate]) -> Estimate:
    """How long nobody can use the target: from the first call that destroys something to a verified login."""
    how = work.how.get("cluster_delete", START)
    if how == REFUSE:
        return steps["cluster_delete"]
    if how == START:
        return _measured_downtime(work, history) or _added_downtime(work, history, steps)
    if all(work.how.get(step) == REUSE for step in ("cluster_restore", "db_users")):
        return Estimate(NONE, nothing=True)
    # There is none now, or none that can be used: it is gone until the users can log in.
    until = added(steps[step] for step in STEPS[: STEPS.index("db_users") + 1])
    return Estimate(until.span, until.samples, remarks=[*until.remarks, GONE_NOW])


def _measured_downtime(work: Work, history: Sequence[Operation]) -> Estimate | None:
    def measure(operation: Operation) -> float | None:
        alike = removed_alike(work, operation) and restored_alike(work, operation)
        return past.downtime_seconds(operation) if alike else None

    found = measured(history, measure)
    return rounded(found) if found else None


def _added_downtime(work: Work, history: Sequence[Operation], steps: Mapping[str, Estimate]) -> Estimate:
    def measure(operation: Operation) -> float | None:
        return past.removal_seconds(operation) if removed_alike(work, operation) else None

    removing = measured(history, measure) or Estimate(removal(work))
    # It is a part of the step.
    part = Estimate(removing.span.at_most(steps["cluster_delete"].span), removing.samples)
    return added([rounded(part), steps["cluster_restore"], steps["db_users"]])


def added(estimates: Iterable[Estimate]) -> Estimate:
    """The sum; of as many operations as all its parts, and of the model when one of them is."""
    parts = list(estimates)
    counted = [part.samples for part in parts if not part.nothing]
    remarks = [remark for remark in (UNSIZED, AT_MOST) if any(remark in part.remarks for part in parts)]
    mixed = [PARTLY] if 0 in counted and any(counted) else []
    span = sum((part.span for part in parts), NONE)
    return Estimate(span, min(counted, default=0), not counted, [*mixed, *remarks])


def rounded(estimate: Estimate) -> Estimate:
    """In whole seconds, so that what is shown adds up."""
    span = estimate.span
    return replace(estimate, span=Span(round(span.low), round(span.usual), round(span.high)))


def shown(estimate: Estimate) -> dict[str, Any]:
    return {
        "seconds": int(estimate.span.usual),
        "low_seconds": int(estimate.span.low),
        "high_seconds": int(estimate.span.high),
        "basis": ", ".join([*_origin(estimate), *estimate.remarks]),
    }


def _origin(estimate: Estimate) -> list[str]:
    if estimate.nothing:
        return [] if estimate.remarks else ["nothing to do"]
    if estimate.samples:
        return [f"history of {counted(estimate.samples, 'operation')}"]
    return ["model"]


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


# ---- cost


def cost(work: Work, prices: Mapping[str, Any]) -> dict[str, Any]:
    """What comes of the restore: the copy's transfer once, then instances by the hour, storage by the month.

    It is what there will be, not what it is more than now: the cluster that is replaced costs nothing any more.

    :param prices: by region, as ``prices.merged`` returns them.
    """
    bill = Bill(work, prices)
    if REFUSE in work.how.values():
        bill.unknown.append("A run would be refused: nothing is estimated.")
    else:
        bill.transfer()
        bill.snapshots()
        bill.instances()
        bill.storage()
    return {
        "currency": bill.currency,
        "items": bill.items,
        **{
            key: round(sum((item["amount"] for item in bill.items if item["per"] == per), 0.0), DIGITS)
            for key, per in SUMS
        },
        "prices": {"region": work.target_region, "date": bill.said("date"), "source": bill.said("source")},
        "unknown": bill.unknown,
    }


SUMS = (("once", "once"), ("per_hour", "hour"), ("per_month", "month"))
DIGITS = 6


class Bill:
    """The items of a restore, one by one, and what could not be priced, in words."""

    def __init__(self, work: Work, prices: Mapping[str, Any]) -> None:
        self.work = work
        self.size = known_size(work)
        self.source = prices.get(work.source_region) or {}
        self.prices = prices.get(work.target_region) or {}
        self.currency = str(self.prices.get("currency") or CURRENCY)
        self.fast = work.storage_type == IO_OPTIMIZED
        self.items: list[dict[str, Any]] = []
        self.unknown: list[str] = []

    def said(self, key: str) -> str:
        """Of what date, or from where, the prices are."""
        used = [self.prices, *([self.source] if any(item["per"] == "once" for item in self.items) else [])]
        return "; ".join(dict.fromkeys(str(table.get(key) or "not known") for table in used))

    def transfer(self) -> None:
        if not self.work.crosses_regions or self.work.how.get("snapshot_copy", START) not in (START, ADOPT):
            return
        same = str(self.source.get("currency") or CURRENCY) == self.currency
        price = (self.source.get("transfer") or {}).get(self.work.target_region) if same else None
        what = f"transfer of the copy from {self.work.source_region}"
        self._of_size(what, price, "once")

    def snapshots(self) -> None:
        """The copy stays until it is deleted, and so does the final snapshot."""
        price = self.prices.get("backup_storage")
        if self.work.how.get("snapshot_copy", START) != SKIP:
            self._of_size("storage of the copy", price, "month")
        removed = self.work.how.get("cluster_delete", START) in (START, ADOPT)
        if removed and self.work.final_snapshot != "none":
            said = "not known" if price is None else f"{self.currency} {price:g} for each GB a month"
            self.unknown.append(f"Storage of the final snapshot: its size is that of the target, its price {said}.")

    def instances(self) -> None:
        classes = Counter(str(item.get("db_instance_class")) for item in self.work.instances)
        for name, number in sorted(classes.items()):
            if name == SERVERLESS:
                self._serverless(number)
            else:
                self._add(f"instances of class {name}", number, "instance-hours", self._hour_of(name), "hour")

    def _hour_of(self, name: str) -> float | None:
        standard = (self.prices.get("instances") or {}).get(name)
        if not self.fast:
            return standard
        factor = self.prices.get("io_optimized_factor")
        known = (self.prices.get("instances_io_optimized") or {}).get(name)
        return known if known is not None or standard is None or factor is None else round(standard * factor, DIGITS)

    def _serverless(self, number: int) -> None:
        """At least the minimal capacity, all the time; the rest by use."""
        price = self.prices.get("acu_io_optimized" if self.fast else "acu")
        low, high = ((self.work.scaling or {}).get(key) for key in ("min_capacity", "max_capacity"))
        what = f"instances of class {SERVERLESS}"
        if low is None or high is None:
            self.unknown.append(f"{_capital(what)}: their capacity is not known.")
            return
        self._add(f"{what}, at their least", number * float(low), "ACU-hours", price, "hour")
        if price is not None and high > low:
            most = round(number * float(high) * price, DIGITS)
            self.unknown.append(
                f"{_capital(what)}: what they use above {low:g} ACUs each; at most, {high:g} each, they cost"
                f" {self.currency} {most:g} an hour in all."
            )

    def storage(self) -> None:
        price = self.prices.get("storage_io_optimized" if self.fast else "storage")
        self._of_size("storage of the cluster", price, "month")
        if not self.fast:
            price = self.prices.get("io_million")
            said = "not known" if price is None else f"{self.currency} {price:g} for each million"
            self.unknown.append(f"I/O requests: their number depends on use, their price is {said}.")

    def _of_size(self, what: str, price: float | None, per: str) -> None:
        if self.size is not None:
            self._add(what, self.size, "GB" if per == "once" else "GB-months", price, per)
        elif price is None:
            self.unknown.append(f"{_capital(what)}: neither the snapshot's size nor the price is known.")
        else:
            often = "" if per == "once" else f" a {per}"
            self.unknown.append(
                f"{_capital(what)}: the snapshot's size is not known; {self.currency} {price:g} for each GB{often}."
            )

    def _add(self, what: str, quantity: float, unit: str, price: float | None, per: str) -> None:
        if price is None:
            self.unknown.append(f"{_capital(what)}: no price is known for {self.work.target_region}.")
            return
        amount = round(quantity * price, DIGITS)
        item = {"what": what, "quantity": quantity, "unit": unit, "price": price, "amount": amount, "per": per}
        self.items.append(item)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
