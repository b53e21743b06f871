# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox for the length of a block: started, told to the processes of the block, and always stopped."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
DEFAULT_DIR = CHECKOUT / ".sandbox"


class SandboxError(Exception):
    """The sandbox could not be started or stopped; the message is its own."""


def command(folder: Path, verb: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m sandbox <verb>`` on that folder."""
    return subprocess.run(
        [sys.executable, "-m", "sandbox", verb, "--dir", str(folder), *more],
        cwd=CHECKOUT / "tests",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def running(folder: Path) -> dict[str, Any] | None:
    """What the sandbox of that folder said when it started, if it answers."""
    try:
        info = dict(json.loads((folder / "endpoint.json").read_text()))
        urllib.request.urlopen(info["endpoint_url"], timeout=5).close()  # noqa: S310 - http, of this machine
    except urllib.error.HTTPError:
        return info  # an answer all the same
    except (OSError, ValueError, KeyError):
        return None
    return info


def up(folder: Path, *more: str) -> dict[str, Any]:
    """Start it and wait until it is ready."""
    answer = command(folder, "up", *more)
    if answer.returncode:
        raise SandboxError((answer.stderr or answer.stdout).strip() or f"sandbox up ended with {answer.returncode}")
    return dict(json.loads((folder / "endpoint.json").read_text()))


def down(folder: Path) -> None:
    """Stop it and remove its data; nothing to do is fine."""
    answer = command(folder, "down")
    if answer.returncode and folder.exists():
        raise SandboxError((answer.stderr or answer.stdout).strip() or f"sandbox down ended with {answer.returncode}")


def environment(info: dict[str, Any]) -> dict[str, str]:
    """The caller's environment without AWS settings of his own, and with the sandbox's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BOTO_", "PG"))}
    return clean | {
        "AURORA_RESTORE_SANDBOX_DIR": str(info["dir"]),
        "ANSIBLE_NOCOWS": "1",
        "LC_ALL": "C.UTF-8",
        **{name: str(value) for name, value in info["environment"].items()},
    }


@contextlib.contextmanager
def signals_raise() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does, so that what it started is stopped."""

    def stop(number: int, _frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(arguments: list[str], **keywords: Any) -> int:
    """Run a command to its end; when this process is interrupted, the command is first given time to end by itself."""
    with subprocess.Popen(arguments, **keywords) as process:
        try:
            return process.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
            raise


@contextlib.contextmanager
def sandbox(folder: Path, *more: str) -> Iterator[dict[str, Any]]:
    """A sandbox in that folder for the block; whatever a dead one left there is removed first."""
    with signals_raise():
        try:
            yield up(folder, *more)
        finally:
            down(folder)
