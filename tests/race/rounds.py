# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of rounds. Each has a target of its own, and raises a FoulError when it ends as it must not."""

from __future__ import annotations

import random
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from race.arena import Arena, FoulError, Runner, begin, runners
from race.contender import Interruption, Target, Wish
from race.window import Window

# Seconds of a lease that is to run out, and for which others wait for it.
SHORT, WAIT = 1, 60.0
# Between the lease and the end of a delete there are at least so many HTTP requests.
REQUESTS = 18
WHOLE_REQUESTS = 40


@dataclass
class Round:
    """What came of one round."""

    kind: str
    calls: list[dict[str, Any]] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)


class Referee:
    """Holds rounds in one arena."""

    def __init__(self, arena: Arena, draw: random.Random) -> None:
        self.arena = arena
        self.draw = draw

    def race(self, whole: bool = False, sabotage: str = "") -> Round:
        """Two or three at once: one wins and deletes, the others are refused at once, with a message that names it."""
        target = self.arena.target(whole)
        with runners() as started:
            wish = Wish(self.arena.place, target, sabotage=sabotage)
            started += begin(*[wish] * self.draw.choice((2, 3)))
            winner = decided(started)
            finish(winner)
            return self.over("race", target, [winner])

    def death(self, whole: bool = False) -> Round:
        """The holder dies at one of its requests; two others race for its lease, and one goes on with what it began."""
        target = self.arena.target(whole)
        point = Interruption(self._request(whole), signal.SIGKILL, answered=self.draw.random() < 0.5)
        with runners() as started:
            started += begin(Wish(self.arena.place, target, interruption=point))
            first = started[0]
            first.expect("won")
            first.expect("gone")
            first.process.join()
            second = begin(*[Wish(self.arena.place, target)] * 2)
            started += second
            winner = decided(second)
            higher(winner, first)
            finish(winner)
            return self.over("death", target, [winner])

    def pause(self, whole: bool = False, sabotage: str = "", window: bool = False) -> Round:
        """The holder is stopped until somebody else has taken the lease; it goes on before, while or after that one
        deletes the target, and must not do any more."""
        target, place = self.arena.target(whole), self.arena.place
        broken = bool(sabotage) or window
        goes_on = "before" if broken else self.draw.choice(("before", "while", "after"))
        point = Interruption(
            0 if broken else self._request(whole), answered=not broken and self.draw.random() < 0.5, window=window
        )
        with runners() as started:
            started += begin(Wish(place, target, SHORT, interruption=point, sabotage=sabotage))
            first = started[0]
            first.expect("won")
            first.await_stop()
            held = Interruption(0) if goes_on == "before" else None
            started += begin(Wish(place, target, SHORT, wait=WAIT, interruption=held), Wish(place, target))
            _first, second, impatient = started
            refused(impatient.said(), first)
            second.expect("won")
            higher(second, first)
            if goes_on == "before":
                second.await_stop()
            if goes_on == "after":
                second.expect("deleted")
            first.wake()
            what, message = first.said()
            if not broken and (what != "lost" or not second.names(message)):
                raise FoulError(f"a lost lease that names {second.operation['id']} was expected, not {what}: {message}")
            if goes_on == "before":
                second.wake()
            if goes_on != "after":
                second.expect("deleted")
            second.go()
            second.expect("finished")
            return self.over("pause", target, [])

    def over(self, kind: str, target: Target, finished: Sequence[Runner]) -> Round:
        if not self.arena.is_gone(target):
            raise FoulError(f"{target.cluster_id} is still there")
        return Round(kind, self.arena.calls(), [window for runner in finished for window in runner.windows])

    def _request(self, whole: bool) -> int:
        return self.draw.randrange(WHOLE_REQUESTS if whole else REQUESTS)


def decided(started: Sequence[Runner]) -> Runner:
    """The one that won; all others have been refused, while it held the lease."""
    said = {runner: runner.said() for runner in started}
    won = [runner for runner in started if said[runner][0] == "won"]
    if len(won) != 1:
        raise FoulError(f"{len(won)} winners: {[what for what, _more in said.values()]}")
    for runner in started:
        if runner is not won[0]:
            refused(said[runner], won[0])
    return won[0]


def refused(said: tuple[str, Any], holder: Runner) -> None:
    """:raises FoulError: it was not refused, or not with a message that names the holder."""
    what, message = said
    if what != "refused" or not holder.names(message):
        raise FoulError(f"a refusal that names {holder.operation['id']} was expected, not {what}: {message}")


def higher(second: Runner, first: Runner) -> None:
    fences = first.operation["fence"], second.operation["fence"]
    if fences[1] != fences[0] + 1:
        raise FoulError(f"a take-over changed the fence from {fences[0]} to {fences[1]}")


def finish(winner: Runner) -> None:
    """The winner deletes and gives the lease back."""
    winner.expect("deleted")
    winner.go()
    winner.windows = winner.expect("finished")
