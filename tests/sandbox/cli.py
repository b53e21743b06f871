# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: up, down, status."""

from __future__ import annotations

import argparse
import http.client
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox import daemon
from sandbox.dataplane import DataPlane, DataPlaneError
from sandbox.durations import Durations
from sandbox.errors import SandboxError

DEFAULT_DIR = Path(__file__).resolve().parents[2] / ".sandbox"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status; errors are one sentence on stderr."""
    options = _parser().parse_args(arguments)
    options.dir = Path(options.dir).absolute()
    try:
        return int(options.run(options))
    except (SandboxError, DataPlaneError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m sandbox", description="A local AWS with real databases.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, run, text in (
        ("up", _up, "start it in the background and print where it is"),
        ("down", _down, "stop it and remove its data"),
        ("status", _status, "print its clusters, snapshots and servers"),
        ("serve", _serve, "run it in the foreground"),
    ):
        verb = verbs.add_parser(name, help=text, description=text)
        verb.set_defaults(run=run)
        verb.add_argument("--dir", default=str(DEFAULT_DIR), help="its folder (default: %(default)s)")
        if run in (_up, _serve):
            verb.add_argument("--port", type=_port, help="default: 4566, or a free one if that is taken; 0: a free one")
            verb.add_argument("--durations", default="", metavar="NAME=SECONDS,...", help="how long things take")
    return parser


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"not a port: {text}")
    return int(text)


def _up(options: argparse.Namespace) -> int:
    Durations.parse(options.durations)
    daemon.check_folder(options.dir)
    DataPlane.preflight(options.dir)
    print(json.dumps(daemon.start(options.dir, options.port, options.durations), indent=2))
    return 0


def _down(options: argparse.Namespace) -> int:
    if not daemon.stop(options.dir):
        print(f"There is no sandbox in {options.dir}.", file=sys.stderr)
    return 0


def _serve(options: argparse.Namespace) -> int:
    from sandbox.service import Settings, serve

    settings = Settings(options.dir, options.port, Durations.parse(options.durations))
    with daemon.held(options.dir):
        try:
            serve(settings)
        except SandboxError as error:
            (options.dir / daemon.FAILURE).write_text(f"{error}\n", encoding="utf-8")
            raise
    return 0


def _status(options: argparse.Namespace) -> int:
    info = daemon.info_of(options.dir)
    if info is None:
        raise SandboxError(f"No sandbox runs in {options.dir}.")
    try:
        connection = http.client.HTTPConnection(urlsplit(info["endpoint_url"]).netloc, timeout=10)
        connection.request("GET", "/_sandbox/clusters")
        state = json.load(connection.getresponse())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise SandboxError(f"The sandbox at {info['endpoint_url']} does not answer: {error}.") from error
    print("\n".join(_lines(info, state)))
    return 0


def _lines(info: dict[str, Any], state: dict[str, Any]) -> list[str]:
    lines = [f"{info['endpoint_url']}  pid {info['pid']}  {info['dir']}", "", "Clusters"]
    for cluster in state["clusters"]:
        lines.append(
            f"  {cluster['region']}  {cluster['id']}  {cluster['status']}  {cluster['engine_version']}"
            f"  {cluster['endpoint']}:{cluster['port']}"
        )
        for instance in cluster["instances"]:
            role = "writer" if instance["writer"] else "reader"
            lines.append(f"    {instance['id']}  {instance['status']}  {instance['class']}  {role}")
        lines += [
            f"    PostgreSQL {server['role']}  pid {server['pid']}  {server['address']}:{server['port']}"
            for server in cluster["servers"]
        ]
    lines += ["", "Snapshots"]
    for snapshot in state["snapshots"]:
        lines.append(
            f"  {snapshot['region']}  {snapshot['id']}  {snapshot['type']}  {snapshot['status']}"
            f"  {snapshot['taken_at'] or '-'}"
        )
    if state["transitions"]:
        lines += ["", "Under way", *(f"  {item['name']}" for item in state["transitions"])]
    return lines
