# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: up, down, status, calls, events, serve."""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox import daemon, printing
from sandbox.durations import Durations
from sandbox.errors import SandboxError, in_words

if TYPE_CHECKING:
    from sandbox.scenario import Scenario

DEFAULT_DIR = Path(__file__).resolve().parents[2] / ".sandbox"
FOLLOW_SECONDS = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status; errors are one sentence on stderr."""
    options = _parser().parse_args(arguments)
    options.dir = Path(options.dir).absolute()
    try:
        return int(options.run(options))
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
    except BrokenPipeError:  # whoever read the lines has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"sandbox: It failed: {in_words(error)}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("sandbox: Interrupted.", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m sandbox", description="A local AWS with real databases.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, run, text in (
        ("up", _up, "start it in the background and print where it is"),
        ("down", _down, "stop it and remove its data"),
        ("status", _status, "print its clusters, snapshots and servers"),
        ("calls", _calls, "print its journal: the AWS calls so far"),
        ("events", _events, "print what has happened, and what is pending"),
        ("serve", _serve, "run it in the foreground"),
    ):
        verb = verbs.add_parser(name, help=text, description=text)
        verb.set_defaults(run=run)
        verb.add_argument("--dir", default=str(DEFAULT_DIR), help="its folder (default: %(default)s)")
        if run in (_up, _serve):
            verb.add_argument("--scenario", type=Path, metavar="FILE", help="what is there, and how it behaves")
            verb.add_argument("--port", type=_port, help="default: 4566, or a free one if that is taken; 0: a free one")
            verb.add_argument(
                "--durations", default="", metavar="NAME=SECONDS,...",
                help="how long things take, whatever the scenario says; LOW..HIGH is a range",
            )  # fmt: skip
        if run is _serve:  # for up
            verb.add_argument("--lock", type=int, help=argparse.SUPPRESS)
            verb.add_argument("--report", type=int, help=argparse.SUPPRESS)
        if run in (_calls, _events):
            verb.add_argument("--json", action="store_true", help="as it is, one JSON object a line")
        if run is _calls:
            _add_call_options(verb)
    return parser


def _add_call_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--after", type=int, default=0, metavar="N", help="only calls with a higher number")
    for field in ("service", "action", "region", "resource", "fault"):
        verb.add_argument(f"--{field}", metavar="PATTERN", help=f"only those whose {field} fits, such as Describe*")
    verb.add_argument("--errors", action="store_true", help="only those that failed")
    verb.add_argument("--follow", action="store_true", help="go on until interrupted")


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"not a port: {text}")
    return int(text)


def _scenario(options: argparse.Namespace) -> Scenario:
    """What --scenario and --durations ask for."""
    # Late: what only asks a running sandbox needs none of it.
    from sandbox.scenario import load

    scenario = load(options.scenario)
    return replace(scenario, durations=scenario.durations.overridden(options.durations))


def _up(options: argparse.Namespace) -> int:
    arguments = ["--durations", options.durations]
    if options.scenario:
        # Before anything is stopped or removed; the demo needs no check.
        _scenario(options)
        arguments += ["--scenario", str(options.scenario.absolute())]
    Durations.parse(options.durations)
    if options.port is not None:
        arguments += ["--port", str(options.port)]
    print(json.dumps(daemon.start(options.dir, arguments), indent=2))
    return 0


def _down(options: argparse.Namespace) -> int:
    if not daemon.stop(options.dir):
        print(f"There is no sandbox in {options.dir}.", file=sys.stderr)
    return 0


def _serve(options: argparse.Namespace) -> int:
    reporter = daemon.Reporter(options.report)
    try:
        with daemon.held(options.dir, options.lock):
            from sandbox.service import Settings, serve

            settings = Settings(options.dir, options.port, _scenario(options))
            serve(settings, on_ready=lambda: reporter.tell(daemon.READY))
    except SandboxError as error:
        reporter.tell(str(error))
        raise
    except OSError as error:
        sentence = f"The sandbox in {options.dir} can't go on: {in_words(error)}."
        reporter.tell(sentence)
        raise SandboxError(sentence) from error
    return 0


def _status(options: argparse.Namespace) -> int:
    info = _running(options.dir)
    print("\n".join(printing.status_lines(info, _get(info, "clusters"))))
    return 0


def _calls(options: argparse.Namespace) -> int:
    info, after = _running(options.dir), options.after
    wanted = {field: getattr(options, field) for field in ("service", "action", "region", "resource", "fault")}
    while True:
        calls = _get(info, f"calls?after={after}")
        after = max([after, *(call["number"] for call in calls)])
        for call in printing.selected(calls, wanted):
            if not options.errors or printing.is_failed(call):
                print(json.dumps(call) if options.json else printing.call_line(call), flush=True)
        if not options.follow:
            return 0
        time.sleep(FOLLOW_SECONDS)


def _events(options: argparse.Namespace) -> int:
    state = _get(_running(options.dir), "events")
    if options.json:
        lines = [json.dumps({"state": kind, **item}) for kind in ("happened", "pending") for item in state[kind]]
    else:
        lines = printing.event_lines(state)
    print("\n".join(lines))
    return 0


def _running(folder: Path) -> dict[str, Any]:
    info = daemon.info_of(folder)
    if info is None:
        raise SandboxError(f"No sandbox runs in {folder}.")
    return info


def _get(info: dict[str, Any], view: str) -> Any:
    try:
        connection = http.client.HTTPConnection(urlsplit(info["endpoint_url"]).netloc, timeout=10)
        connection.request("GET", f"/_sandbox/{view}")
        return json.load(connection.getresponse())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SandboxError(f"The sandbox at {info['endpoint_url']} does not answer: {error}.") from error
