# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill restores at every call, or let faults hit every call: python -m kill, from the folder tests."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from kill import faults
from kill.marksman import heed_signals
from kill.points import kill_points
from kill.trial import Reference, Result, Shot, judged, killed_and_run_again, undisturbed

MODES = ("tree", "group", "hangup")
Proof = tuple[str, Callable[[Path, Result], None]]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    heed_signals()
    folder = options.logs or Path(tempfile.mkdtemp(prefix="kill-"))
    began = time.monotonic()
    calls, wanted = _reference(options.reference, folder)
    took = time.monotonic() - began
    if options.faults:
        every: list[Proof] = [
            (str(fault), partial(faults.hit_and_run_again, fault, wanted)) for fault in faults.of(calls)
        ]
    else:
        modes = MODES if options.mode == "all" else (options.mode,)
        shots = [Shot(point, how) for point in kill_points(calls) for how in modes]
        every = [(str(shot), partial(killed_and_run_again, [shot], wanted)) for shot in shots]
    chosen = _chosen(every, options)
    print(
        f"{len(calls)} calls in an undisturbed run of {took:.0f} s, {len(every)} points, {len(chosen)} chosen",
        flush=True,
    )
    if options.list:
        print("\n".join(name for name, _proof in chosen))
        return 0
    results = _carry_out(chosen, folder, options.jobs)
    passed = _report(results, len(every), time.monotonic() - began, options.result)
    if passed < len(chosen):
        print(f"The logs of those that did not pass are in {folder}.", file=sys.stderr)
    return int(passed < len(chosen))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m kill", description=__doc__)
    parser.add_argument("--faults", action="store_true", help="faults instead of kills")
    parser.add_argument("--mode", choices=(*MODES, "all"), default="all", help="how to kill (default: %(default)s)")
    parser.add_argument("--only", action="append", metavar="PATTERN", help="those whose line fits, such as '*Delete*'")
    parser.add_argument("--sample", type=float, default=1.0, metavar="FRACTION", help="so many of them, drawn")
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="print them and do nothing more")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many at once (default: %(default)s)")
    parser.add_argument("--reference", type=Path, metavar="FILE", help="keeps the undisturbed run for another time")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="where the logs of what failed stay")
    parser.add_argument("--result", type=Path, metavar="FILE", help="write the results there as JSON")
    return parser


def _reference(file: Path | None, folder: Path) -> Reference:
    """The undisturbed run, or what an earlier one has left in the file."""
    if file and file.exists():
        calls, wanted = json.loads(file.read_text())
        return calls, wanted
    made = undisturbed(folder / "undisturbed")
    if file:
        file.write_text(json.dumps(made))
    return made


def _chosen(every: Sequence[Proof], options: argparse.Namespace) -> list[Proof]:
    patterns = options.only or ["*"]
    fitting = [proof for proof in every if any(fnmatchcase(proof[0], pattern) for pattern in patterns)]
    if options.sample >= 1 or not fitting:
        return fitting
    draw = random.Random(options.seed)
    return draw.sample(fitting, max(1, round(options.sample * len(fitting))))


def _carry_out(chosen: Sequence[Proof], folder: Path, jobs: int) -> list[Result]:
    """The results; when interrupted, those that there are."""
    results: list[Result] = []

    def one(number: int, name: str, proof: Callable[[Path, Result], None]) -> None:
        result = judged(name, folder / f"{number:04d}", proof)
        if result.outcome == "not reached":  # a wait that was over sooner than usual; once more
            result = judged(name, folder / f"{number:04d}-again", proof)
        results.append(result)
        said = "; ".join(result.notes) if result.outcome == "passed" else next(iter(result.error.splitlines()), "")
        print(f"{result.outcome:11} {result.seconds:6.1f} s  {result.name}  {said[:300]}".rstrip(), flush=True)

    with ThreadPoolExecutor(jobs) as pool:
        running = [pool.submit(one, number, *proof) for number, proof in enumerate(chosen, 1)]
        try:
            for future in running:
                future.result()
        except KeyboardInterrupt:
            print("Interrupted; what is under way comes to its end.", file=sys.stderr, flush=True)
            pool.shutdown(cancel_futures=True)
    return results


def _report(results: Sequence[Result], listed: int, seconds: float, file: Path | None) -> int:
    """Print, and write, how it went; how many passed."""
    counts = Counter(result.outcome for result in results)
    print(
        f"{listed} points, {len(results)} tried: {counts['passed']} passed, {counts['failed']} failed,"
        f" {counts['not reached']} not reached; {seconds:.0f} s"
    )
    if file:
        summary = {"points": listed, "tried": len(results), **counts, "seconds": round(seconds)}
        file.write_text(json.dumps({**summary, "results": [result.as_dict() for result in results]}, indent=2) + "\n")
    return counts["passed"]


if __name__ == "__main__":
    sys.exit(main())
