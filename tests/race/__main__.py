# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Race processes for targets: python -m race, from the folder tests. Exit status 1 when a rule was broken."""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from race import ledger
from race.arena import Arena, FoulError
from race.rounds import Referee, Round
from race.window import Window, measure_apart

REPORT = Path(__file__).resolve().parents[2] / "reports" / "race.json"
# Every so manieth race, and take-over, is for a cluster with a member and a final snapshot.
WHOLE, WHOLE_TAKE_OVER = 10, 15
CALLS_OVER_TLS = 200
# A new sandbox after so many races: what moto keeps of a table costs more with each transaction.
A_SANDBOX = 25


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    draw = random.Random(options.seed)
    rounds: list[Round] = []
    fouls: list[str] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="race-") as folder:
        for first in range(1, options.rounds + 1, A_SANDBOX):
            races = range(first, min(first + A_SANDBOX, options.rounds + 1))
            with Arena(Path(folder) / "world") as arena:
                hold(Referee(arena, draw), races, rounds, fouls)
            print(f"{len(rounds)} rounds, {len(fouls)} fouls", flush=True)
        seconds = time.monotonic() - began
        fouls += ledger.problems([call for done in rounds for call in done.calls])
        with Arena(Path(folder) / "world") as arena:
            blind = unseen(Referee(arena, draw))
        over_tls = measure_apart(CALLS_OVER_TLS, Path(folder))
    fouls += [f"a referee who sees nothing: {name} was not noticed" for name in blind]
    summary = summarize(rounds, seconds, fouls, over_tls)
    print(told(summary))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(summary, indent=2) + "\n")
    for foul in fouls:
        print(f"race: {foul}", file=sys.stderr)
    return 1 if fouls else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m race", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, metavar="N", help="races (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: %(default)s)")
    return parser


def plan(referee: Referee, races: Iterable[int]) -> Iterable[Callable[[], Round]]:
    """The races of these numbers; after every fifth a take-over, from one that died or from one that was stopped."""
    for number in races:
        yield partial(referee.race, number % WHOLE == 0)
        if number % 5 == 0:
            take_over: Callable[[bool], Round] = referee.death if number % 2 else referee.pause
            yield partial(take_over, number % WHOLE_TAKE_OVER == 0)


def hold(referee: Referee, races: Iterable[int], rounds: list[Round], fouls: list[str]) -> None:
    """Add the rounds of these races, and what was wrong with them."""
    for play in plan(referee, races):
        try:
            rounds.append(play())
        except FoulError as error:
            rounds.append(Round("foul", referee.arena.calls()))
            fouls.append(f"round {len(rounds)}: {error}")


def unseen(referee: Referee) -> list[str]:
    """Rules that are broken on purpose, of which neither the outcome nor the journal shows a trace."""
    broken: dict[str, Callable[[], Round]] = {
        "a lease taken without a condition": partial(referee.race, sabotage="take"),
        "a lease renewed without a condition": partial(referee.pause, sabotage="renew"),
        "a process stopped after its last check": partial(referee.pause, window=True),
    }
    return [name for name, play in broken.items() if not noticed(name, play, referee)]


def noticed(name: str, play: Callable[[], Round], referee: Referee) -> bool:
    try:
        calls, fouls = play().calls, []
    except FoulError as error:
        calls, fouls = referee.arena.calls(), [str(error)]
    seen = [*ledger.problems(calls), *fouls]
    print(f"On purpose, {name}: {seen[0] if seen else 'not noticed'}")
    return bool(seen)


def summarize(
    rounds: Sequence[Round], seconds: float, fouls: Sequence[str], over_tls: Sequence[Window]
) -> dict[str, Any]:
    in_sandbox = [window for done in rounds for window in done.windows]
    return {
        "rounds": Counter(done.kind for done in rounds),
        "seconds": round(seconds),
        "calls": sum(len(done.calls) for done in rounds),
        "contested": sum(ledger.contested(done.calls) for done in rounds),
        "destructive_calls": Counter(call["action"] for done in rounds for call in ledger.destructive(done.calls)),
        "fouls": len(fouls),
        "window_microseconds": {
            "in the sandbox (TCP connection made)": spread([length for length, _connected in in_sandbox]),
            "TLS, connection open": spread([length for length, connected in over_tls if not connected]),
            "TLS, connection made": spread([length for length, connected in over_tls if connected]),
        },
    }


def spread(seconds: Sequence[float]) -> dict[str, int] | None:
    if not seconds:
        return None
    return {
        "calls": len(seconds),
        "median": round(statistics.median(seconds) * 1e6),
        "highest": round(max(seconds) * 1e6),
    }


def told(summary: dict[str, Any]) -> str:
    lines = [
        f"{listed(summary['rounds'])} rounds in {summary['seconds']} s, {summary['fouls']} fouls",
        f"{summary['calls']} calls, of them {listed(summary['destructive_calls'])}",
        f"{summary['contested']} leases were asked for by somebody who had seen them free, and had just gone",
    ]
    for kind, window in summary["window_microseconds"].items():
        if window:
            lines.append(
                f"Last check to last byte, {kind}: median {window['median']} us,"
                f" highest {window['highest']} us, {window['calls']} calls"
            )
    return "\n".join(lines)


def listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items())


if __name__ == "__main__":
    sys.exit(main())
