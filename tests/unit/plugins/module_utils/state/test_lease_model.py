# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model of the lease: every order of events that a few processes can bring about, with the real decisions and writes.

Processes start, look, take, renew, hold, check and then destroy, release; they crash, are stopped and go on, lose
their runner, and have clocks of their own. A request may arrive a second time, later. Time passes in ticks: a lease
lasts three of them, a living holder renews before it is over, and sends within one tick what it has just checked. The
number of renewals is unlimited (only whether two beats are the same matters), that of leases is not.
"""

from __future__ import annotations

import datetime
import functools
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import lease as leases
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import Lease, Verdict, Watch
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.owner import Owner, Process, is_dead
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import (
    from_dynamodb,
    parse_text,
    to_text,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.table import Part

TABLE, TARGET = "table", "1/us-west-2/shop-staging"
LEASE, HOLD = 3, 4
EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
Generation = tuple[int, int]


class Row(NamedTuple):
    """The lease item. ``age``: ticks since it was last written."""

    owner: int
    fence: int
    beat: int
    held: bool
    seconds: int
    normal: int
    age: int


class Seen(NamedTuple):
    """What a take-over depends on: the lease as it was read."""

    fence: int
    beat: int
    held: bool


class Request(NamedTuple):
    """A write on its way."""

    kind: str
    by: int
    fence: int = 0
    seen: Seen | None = None


class Proc(NamedTuple):
    """A process.

    phase: idle, free (has seen the lease free), unlocking (has seen it silent for long), holding, asked (its last check
    is under way), checked (about to send), over. run: up, paused, dead. orphan: its runner is gone. fence: the last
    that it was granted. unchanged: ticks for which it has seen the generation ``watched``. asked, checked: ticks since
    then. stopped: it was, after its check.
    """

    phase: str = "idle"
    run: str = "up"
    orphan: bool = False
    fence: int = 0
    seen: Seen | None = None
    watched: Generation | None = None
    unchanged: int = 0
    asked: int = 0
    checked: int = 0
    stopped: bool = False


class World(NamedTuple):
    row: Row | None
    procs: tuple[Proc, ...]
    late: Request | None = None


class BrokenError(Exception):
    """An invariant does not hold."""


@dataclass(frozen=True)
class Rules:
    """What decides and writes; the real functions unless a test breaks one."""

    decide: Callable[..., Verdict] = leases.decide
    acquire: Callable[..., Part] = leases.acquire_part
    renew: Callable[..., Part] = leases.renew_part
    release: Callable[..., Part] = leases.release_part
    unlock: Callable[..., Part] = leases.break_part
    is_fresh: Callable[[float, float, float], bool] = leases.is_fresh
    is_dead: Callable[..., bool] = is_dead
    checks: bool = True


@dataclass(frozen=True)
class Setting:
    """Which processes there are.

    :param hosts: of each process.
    :param skews: how far the clocks of each process, both kinds, are ahead of the true time.
    :param fences: so many leases can be taken.
    :param late: whether requests arrive a second time, later.
    :param forget: whether what a process saw of a beat that is over counts as forgotten, as it is at its next look.
    :param unlock_after: ticks without a beat after which an operator may break a lease; None: nobody does.
    """

    hosts: tuple[str, ...]
    fences: int
    skews: tuple[float, ...] = (0.0, 0.0, 0.0)
    late: bool = True
    forget: bool = True
    unlock_after: int | None = None


TWO = Setting(("a", "b"), 2)
NEIGHBOURS = Setting(("a", "a"), 3, late=False)
THREE = Setting(("a", "a", "b"), 2, late=False)
LONG = Setting(("a", "b"), 4, late=False)
SKEWED = Setting(("a", "b"), 2, (0.0, 2.0))
UNLOCKED = Setting(("a", "b"), 3, late=False, unlock_after=3)
UNFORGOTTEN = Setting(("a", "b"), 2, late=False, forget=False)


# ---- the table


def written(part: Part, item: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The item that DynamoDB would hold after a conditional update, or None where the condition does not hold."""
    request = part["Update"]
    names = request["ExpressionAttributeNames"]
    values = {name: from_dynamodb(value) for name, value in request["ExpressionAttributeValues"].items()}

    def value(text: str) -> Any:
        if " + " in text:
            first, second = text.split(" + ")
            return value(first) + value(second)
        return values[text] if text.startswith(":") else (item or {}).get(names[text])

    for condition in filter(None, request.get("ConditionExpression", "").split(" AND ")):
        if condition.startswith("attribute_not_exists"):
            if item is not None:
                return None
        else:
            left, right = condition.split(" = ")
            if item is None or value(left) != value(right):
                return None
    sets = [assignment.split(" = ") for assignment in request["UpdateExpression"].removeprefix("SET ").split(", ")]
    return {**(item or {}), **{names[name]: value(right) for name, right in sets}}


class Model:
    """The transitions of a setting under some rules."""

    def __init__(self, setting: Setting, rules: Rules) -> None:
        self.setting = setting
        self.rules = rules
        self.owners = [Owner(host, "boot", "ns", number + 1, 7) for number, host in enumerate(setting.hosts)]
        self.carry_out = functools.cache(self._carry_out)
        self.verdict = functools.cache(self._verdict)
        self.check_patience = functools.cache(self._check_patience)

    @property
    def start(self) -> World:
        return World(None, tuple(Proc() for _host in self.setting.hosts))

    # ---- what the real functions say

    def moment(self, number: int, age: int = 0) -> str:
        """What the clock of a process said so many ticks ago."""
        return to_text(EPOCH + datetime.timedelta(seconds=self.setting.skews[number] - age))

    def item(self, row: Row | None) -> dict[str, Any] | None:
        if row is None:
            return None
        return {
            "owner": str(self.owners[row.owner]),
            "held_by": f"OP{row.owner}",
            "fence": row.fence,
            "beat": row.beat,
            "held": row.held,
            "lease_seconds": row.seconds,
            "normal_seconds": row.normal,
            "renewed_at": self.moment(row.owner, row.age),
        }

    def row(self, item: Mapping[str, Any]) -> Row:
        owner = [str(known) for known in self.owners].index(item["owner"])
        return Row(owner, item["fence"], item["beat"], item["held"], item["lease_seconds"], item["normal_seconds"], 0)

    def part(self, request: Request) -> Part:
        owner, moment = str(self.owners[request.by]), self.moment(request.by)
        if request.kind == "take":
            seen = request.seen
            lease = Lease("", "", seen.fence, seen.beat, LEASE, seen.held) if seen else None
            more: dict[str, Any] = {"owner": owner, "operation_id": f"OP{request.by}", "seconds": LEASE}
            return self.rules.acquire(TABLE, TARGET, lease, moment=moment, **more)
        if request.kind == "unlock" and request.seen:
            silent = Lease("", "", request.seen.fence, request.seen.beat, LEASE, request.seen.held)
            return self.rules.unlock(TABLE, TARGET, silent, moment)
        if request.kind == "release":
            return self.rules.release(TABLE, TARGET, owner, request.fence, moment)
        hold = HOLD if request.kind == "hold" else None
        return self.rules.renew(TABLE, TARGET, owner, request.fence, moment, hold)

    def _carry_out(self, request: Request, row: Row | None) -> Row | None:
        """The item after a write, or None where its condition does not hold."""
        after = written(self.part(request), self.item(row))
        return self.row(after) if after else None

    def _verdict(
        self, row: Row | None, number: int, watch: tuple[Generation | None, int], gone: frozenset[int]
    ) -> tuple[bool, tuple[Generation | None, int]]:
        """Whether a process that looks now may take the lease, and what it has seen then."""
        item, here = self.item(row), self.owners[number]

        def look(pid: int) -> Process | None:
            there = pid - 1 not in gone and self.owners[pid - 1].host == here.host
            return Process(pid, 1, 7, ()) if there else None

        def dead(owner: Owner, from_here: Owner) -> bool:
            return self.rules.is_dead(owner, from_here, look)

        now = 1000.0 + self.setting.skews[number]
        watching = Watch(watch[0], now - watch[1])
        verdict = self.rules.decide(Lease.from_item(item) if item else None, watching, now, here, dead)
        return verdict.free, (watching.generation, min(int(now - watching.since), HOLD) if watching.generation else 0)

    # ---- the transitions

    def after(self, world: World) -> Iterator[World]:
        """Every world that can be next.

        :raises BrokenError: an invariant does not hold on the way.
        """
        for number, proc in enumerate(world.procs):
            if proc.run == "up":
                yield from self.steps(world, number, proc)
            yield from self.blows(world, number, proc)
        if world.late:
            row = self.write(world, world.late)
            yield world._replace(row=row or world.row, late=None)
        if self.time_may_pass(world):
            yield passed(world)

    def steps(self, world: World, number: int, proc: Proc) -> Iterator[World]:
        """What a process does by itself. Whoever has no runner any more sees it before its next request."""
        if proc.phase == "checked":
            if not proc.stopped and not proc.orphan:
                require(world.row and world.row.fence == proc.fence, "a call carried a fence that was not current")
            yield self.put(world, number, proc._replace(phase="holding", checked=0, stopped=False))
        elif proc.orphan:
            yield self.put(world, number, over(proc))
        elif proc.phase == "idle":
            yield self.look(world, number, proc)
            yield from self.unlock(world, number, proc)
        elif proc.phase == "unlocking":
            row = self.write(world, Request("unlock", number, seen=proc.seen))
            yield self.put(world, number, Proc())._replace(row=row or world.row)
        elif proc.phase == "free":
            yield from self.take(world, number, proc)
        elif proc.phase == "asked":
            fresh = self.rules.is_fresh(world.row.seconds if world.row else LEASE, 0, proc.asked)
            phase = "checked" if fresh else "holding"
            yield self.put(world, number, proc._replace(phase=phase, asked=0))
        elif proc.phase == "holding":
            for kind, phase in (("renew", "holding"), ("hold", "holding"), ("check", "asked"), ("release", "over")):
                yield from self.request(world, number, proc, Request(kind, number, proc.fence), phase)
            if not self.rules.checks:
                yield self.put(world, number, proc._replace(phase="checked"))
        elif proc.phase == "over":  # the next play of the same playbook
            yield self.put(world, number, proc._replace(phase="idle"))

    def look(self, world: World, number: int, proc: Proc) -> World:
        gone = frozenset(other for other, each in enumerate(world.procs) if each.run == "dead" or each.orphan)
        free, (watched, unchanged) = self.verdict(world.row, number, (proc.watched, proc.unchanged), gone)
        row = world.row
        if not free:
            return self.put(world, number, proc._replace(watched=watched, unchanged=unchanged))
        if row and row.fence >= self.setting.fences:
            return world
        seen = Seen(row.fence, row.beat, row.held) if row else None
        return self.put(world, number, proc._replace(phase="free", seen=seen, watched=watched, unchanged=unchanged))

    def unlock(self, world: World, number: int, proc: Proc) -> Iterator[World]:
        """An operator, in the place of a process that waits, has watched the lease for long enough."""
        row, ticks = world.row, self.setting.unlock_after
        if ticks is None or not row or not row.held or row.fence >= self.setting.fences:
            return
        if proc.watched == (row.fence, row.beat) and proc.unchanged >= ticks:
            yield self.put(world, number, Proc("unlocking", seen=Seen(row.fence, row.beat, row.held)))

    def take(self, world: World, number: int, proc: Proc) -> Iterator[World]:
        request = Request("take", number, seen=proc.seen)
        row = self.write(world, request)
        if row is None:
            yield self.put(world, number, proc._replace(phase="idle", seen=None))
            return
        mine = Proc("holding", fence=row.fence)
        yield from self.repeated(self.put(world, number, mine)._replace(row=row), request)

    def request(self, world: World, number: int, proc: Proc, request: Request, phase: str) -> Iterator[World]:
        row = self.write(world, request)
        if row is None:
            yield self.put(world, number, over(proc))
        else:
            next_one = over(proc) if phase == "over" else proc._replace(phase=phase)
            yield from self.repeated(self.put(world, number, next_one)._replace(row=row), request)

    def repeated(self, world: World, request: Request) -> Iterator[World]:
        """As it is, and with the same request arriving once more, later."""
        yield world
        if self.setting.late and world.late is None:
            kind = "renew" if request.kind == "check" else request.kind  # the same write
            yield world._replace(late=request._replace(kind=kind))

    def blows(self, world: World, number: int, proc: Proc) -> Iterator[World]:
        """What happens to a process that has a lease. Others owe nobody anything: they may as well do nothing any more.

        So may one that waits for an answer, for as long as it likes: that is a stop too.
        """
        if proc.phase not in ("holding", "asked", "checked"):
            return
        yield self.put(world, number, GONE)
        if proc.run == "paused":
            yield self.put(world, number, proc._replace(run="up"))
        elif proc.phase != "asked":
            yield self.put(world, number, proc._replace(run="paused", stopped=proc.phase == "checked"))
        if not proc.orphan:
            yield self.put(world, number, proc._replace(orphan=True))

    def write(self, world: World, request: Request) -> Row | None:
        """Carry out a write; what must hold for each that is made."""
        before, row = world.row, self.carry_out(request, world.row)
        if row is None:
            return None
        if request.kind == "unlock":
            require(before and row.fence == before.fence + 1, "a lease was broken without raising the fence")
            require(
                before and before.age >= (self.setting.unlock_after or 0), "a lease was broken after a sign of life"
            )
            return row
        if request.kind != "take":
            require(before and before.fence == request.fence, f"a {request.kind} of an old fence was written")
            require(before and row.fence == before.fence, f"a {request.kind} changed the fence")
            return row
        require(row.fence == (before.fence if before else 0) + 1, "a lease was taken without raising the fence by one")
        others = [proc.fence for number, proc in enumerate(world.procs) if number != request.by]
        require(row.fence not in others, "two processes were granted one fence")
        if before and before.held:
            holder = world.procs[before.owner]
            known_dead = self.setting.hosts[before.owner] == self.setting.hosts[request.by] and (
                holder.run == "dead" or holder.orphan
            )
            require(known_dead or before.age >= before.seconds, "the lease of a living holder was taken over")
        return row

    def time_may_pass(self, world: World) -> bool:
        """A living holder renews before its lease is over, and sends soon what it has checked."""
        row = world.row
        for number, proc in enumerate(world.procs):
            if proc.run != "up":
                continue
            if proc.phase == "checked" and proc.checked >= 1:
                return False
            holds = row and row.held and (row.owner, row.fence) == (number, proc.fence) and not proc.orphan
            if row and holds and proc.phase == "holding" and row.age + 1 >= row.seconds:
                return False
        return True

    def put(self, world: World, number: int, proc: Proc) -> World:
        return world._replace(procs=(*world.procs[:number], proc, *world.procs[number + 1 :]))

    # ---- what must be possible

    def check_take_over(self, world: World) -> None:
        """Whoever waits gets the lease of a dead holder, once it is over."""
        row = world.row
        if row is None or not row.held or world.procs[row.owner].run != "dead" or row.fence >= self.setting.fences:
            return
        for number, proc in enumerate(world.procs):
            if (proc.phase, proc.run) == ("idle", "up"):
                self.check_patience(row, number, (proc.watched, proc.unchanged))

    def _check_patience(self, row: Row, number: int, watch: tuple[Generation | None, int]) -> None:
        for _tick in range(HOLD + 1):
            free, watch = self.verdict(row, number, watch, frozenset({row.owner}))
            if free:
                request = Request("take", number, seen=Seen(row.fence, row.beat, row.held))
                require(self.carry_out(request, row), "the lease of a dead holder can't be taken")
                return
            watch = (watch[0], min(watch[1] + 1, HOLD))
            row = row._replace(age=row.age + 1)
        raise BrokenError("the lease of a dead holder never becomes free")


def require(holds: Any, otherwise: str) -> None:
    if not holds:
        raise BrokenError(otherwise)


GONE = Proc("over", "dead")


def over(proc: Proc) -> Proc:
    """One that has nothing more to do with its lease. Without a runner there is no next play either."""
    return GONE if proc.orphan else Proc("over", proc.run)


def passed(world: World) -> World:
    """A tick later. What has been over for long is not told from what has just become so."""
    row = world.row and world.row._replace(age=min(world.row.age + 1, world.row.seconds))
    procs = []
    for proc in world.procs:
        unchanged = min(proc.unchanged + 1, HOLD) if proc.watched else 0
        asked = min(proc.asked + 1, LEASE) if proc.phase == "asked" else 0
        checked = min(proc.checked + 1, 1) if proc.phase == "checked" else 0
        procs.append(proc._replace(unchanged=unchanged, asked=asked, checked=checked))
    return world._replace(row=row, procs=tuple(procs))


def plain(world: World, forget: bool) -> World:
    """The same world without what makes no difference.

    Beats are renumbered: of each fence only which are the same matters, and which is the last.
    """
    row = world.row
    if row is None:
        return world
    present = (row.fence, row.beat)
    procs = tuple(
        proc._replace(watched=None, unchanged=0)
        if forget and proc.watched and proc.watched != present
        else proc._replace(unchanged=min(proc.unchanged, row.seconds))
        for proc in world.procs
    )
    seens = [proc.seen for proc in procs if proc.seen] + ([world.late.seen] if world.late and world.late.seen else [])
    ranks: dict[Generation, int] = {}
    known = {present, *((seen.fence, seen.beat) for seen in seens), *(proc.watched for proc in procs if proc.watched)}
    for fence, beat in sorted(known):
        ranks[fence, beat] = 1 + max((rank for known, rank in ranks.items() if known[0] == fence), default=-1)

    def renumbered(seen: Seen | None) -> Seen | None:
        return seen and seen._replace(beat=ranks[seen.fence, seen.beat])

    return World(
        row._replace(beat=ranks[present]),
        tuple(
            proc._replace(seen=renumbered(proc.seen), watched=proc.watched and (proc.watched[0], ranks[proc.watched]))
            for proc in procs
        ),
        world.late and world.late._replace(seen=renumbered(world.late.seen)),
    )


def explore(setting: Setting, rules: Rules | None = None) -> set[World]:
    """Every world that can be reached.

    :raises BrokenError: in one of them, or on the way to it, an invariant does not hold.
    """
    model = Model(setting, rules or Rules())
    reached = {model.start}
    open_ones = deque(reached)
    while open_ones:
        world = open_ones.popleft()
        model.check_take_over(world)
        for next_one in model.after(world):
            following = plain(next_one, setting.forget)
            if following not in reached:
                reached.add(following)
                open_ones.append(following)
    return reached


@pytest.mark.parametrize(
    ("setting", "at_least"),
    [(TWO, 40_000), (NEIGHBOURS, 10_000), (THREE, 70_000), (LONG, 15_000), (UNLOCKED, 10_000)],
    ids=["two", "neighbours", "three", "long", "unlocked"],
)
def test_nothing_that_can_happen_breaks_the_lease(setting: Setting, at_least: int) -> None:
    """The rules are in Model: where it says require."""
    reached = explore(setting)
    print(f"{len(reached)} worlds")
    assert len(reached) > at_least, "a model that has become smaller may have lost what it was to show"
    phases = {"idle", "free", "holding", "asked", "checked", "over"} | (
        {"unlocking"} if setting.unlock_after else set()
    )
    assert {proc.phase for world in reached for proc in world.procs} == phases
    assert any(world.row and world.row.fence == setting.fences for world in reached)


@functools.cache
def long_ones() -> set[World]:
    return explore(LONG)


@pytest.mark.parametrize("skews", [(0.0, 1e6), (-31_536_000.0, 0.25), (7.0, -7.0)])
def test_clocks_make_no_difference(skews: tuple[float, ...]) -> None:
    assert explore(replace(LONG, skews=skews)) == long_ones()


def test_the_window_that_is_left() -> None:
    """A process that is stopped between its last check and its call makes that call with a fence that may be old by
    then. It is the only one: every other call is refused an old fence by the model."""
    late = [
        (world.row, proc)
        for world in long_ones()
        for proc in world.procs
        if world.row and proc.phase == "checked" and proc.run == "up" and proc.fence < world.row.fence
    ]
    assert late
    assert all(proc.stopped or proc.orphan for _row, proc in late)


# ---- rules that are broken on purpose


def changed(part: Part, *, condition: str | None = None, **values: Any) -> Part:
    """A write with another condition (an empty one: none), or with other values."""
    request = {**part["Update"]}
    if condition is not None:
        request["ConditionExpression"] = condition
    names = {name: alias for alias, name in request["ExpressionAttributeNames"].items() if alias.startswith("#s")}
    known = {f":s{names[name].removeprefix('#s')}": {"N": str(value)} for name, value in values.items()}
    request["ExpressionAttributeValues"] = {**request["ExpressionAttributeValues"], **known}
    return {"Update": request}


def called(function: Callable[..., Part], *known: Any, **more: Any) -> Part:
    """Keeps static checks from counting what is only passed on."""
    return function(*known, **more)


def take_keeps_fence(table: str, target: str, lease: Lease | None, **more: Any) -> Part:
    return changed(called(leases.acquire_part, table, target, lease, **more), fence=lease.fence if lease else 1)


def take_without_condition(*known: Any, **more: Any) -> Part:
    return changed(called(leases.acquire_part, *known, **more), condition="")


def take_without_beat(table: str, target: str, lease: Lease | None, **more: Any) -> Part:
    part = called(leases.acquire_part, table, target, lease, **more)
    return changed(part, condition="#fence = :fence AND #held = :held") if lease else part


def renew_without_condition(*known: Any) -> Part:
    return changed(leases.renew_part(*known), condition="")


def renew_by_owner(*known: Any) -> Part:
    return changed(leases.renew_part(*known), condition="#owner = :owner AND #held = :held")


def release_without_condition(*known: Any) -> Part:
    return changed(leases.release_part(*known), condition="")


def unlock_without_condition(*known: Any) -> Part:
    return changed(leases.break_part(*known), condition="")


def decide_by_the_clock(lease: Lease | None, watch: Watch, now: float, here: Owner, dead: Any) -> Verdict:
    """By the time that the holder has written, and one's own."""
    if lease is None or not lease.held:
        return leases.decide(lease, watch, now, here, dead)
    renewed = parse_text(lease.renewed_at)
    assert renewed is not None
    return Verdict((EPOCH.timestamp() + now - 1000) - renewed.timestamp() >= lease.seconds, "")


def decide_from_the_first_look(lease: Lease | None, watch: Watch, now: float, here: Owner, dead: Any) -> Verdict:
    """Without starting again when there is another beat."""
    if lease is not None and watch.generation is not None:
        watch.generation = lease.generation
    return leases.decide(lease, watch, now, here, dead)


def decide_never(lease: Lease | None, *_more: Any) -> Verdict:
    """Waits for a release, however dead the holder is."""
    return Verdict(lease is None or not lease.held, "")


def dead_on_any_host(owner: Owner, _here: Owner, look: Callable[[int], Process | None]) -> bool:
    """Looks for another host's process on its own."""
    return is_dead(owner, owner, look)


BROKEN: dict[str, tuple[Rules, Setting, str]] = {
    "take-over keeps the fence": (Rules(acquire=take_keeps_fence), TWO, "without raising the fence"),
    "take without condition": (Rules(acquire=take_without_condition), TWO, "without raising the fence|living holder"),
    "take on condition of the fence": (Rules(acquire=take_without_beat), TWO, "living holder"),
    "renew without condition": (Rules(renew=renew_without_condition), TWO, "old fence"),
    "renew on condition of the owner": (Rules(renew=renew_by_owner), TWO, "old fence"),
    "release without condition": (Rules(release=release_without_condition), TWO, "old fence"),
    "unlock without condition": (Rules(unlock=unlock_without_condition), UNLOCKED, "sign of life"),
    "unlock while a check counts": (Rules(), replace(UNLOCKED, unlock_after=2), "not current"),
    "decision by two clocks": (
        Rules(decide=decide_by_the_clock),
        replace(TWO, skews=(0.0, 2.0)),
        "living holder|never becomes free",
    ),
    "decision from the first look": (Rules(decide=decide_from_the_first_look), UNFORGOTTEN, "living holder"),
    "no take-over": (Rules(decide=decide_never), TWO, "never becomes free"),
    "dead on any host": (Rules(is_dead=dead_on_any_host), TWO, "living holder"),
    "an old answer counts": (Rules(is_fresh=lambda _seconds, _asked, _now: True), TWO, "not current"),
    "no last check": (Rules(checks=False), TWO, "not current"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_found(name: str) -> None:
    rules, setting, message = BROKEN[name]
    with pytest.raises(BrokenError, match=message):
        explore(setting, rules)
