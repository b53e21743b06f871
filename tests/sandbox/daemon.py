# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox in the background: one per folder, held by a lock that ends with its process."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from sandbox.dataplane import DataPlane
from sandbox.errors import SandboxError

LOCK = "sandbox.lock"
LOG = "sandbox.log"
FAILURE = "failure.txt"
START_SECONDS = 180.0
STOP_SECONDS = 30.0
TESTS = Path(__file__).resolve().parents[1]


def info_of(folder: Path) -> dict[str, Any] | None:
    """What the sandbox of that folder said when it was ready, if it lives."""
    if not is_alive(folder):
        return None
    with contextlib.suppress(OSError, ValueError):
        return dict(json.loads((folder / "endpoint.json").read_text(encoding="utf-8")))
    return None


def is_alive(folder: Path) -> bool:
    """Whether a sandbox holds that folder."""
    try:
        with (folder / LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder for the length of the block; the lock goes with the process, however that ends.

    :raises SandboxError: another sandbox holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock: IO[str] = (folder / LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise SandboxError(_in_use(folder)) from None
    try:
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
    finally:
        lock.close()


def _in_use(folder: Path) -> str:
    info = info_of(folder) or {}
    where = f" at {info['endpoint_url']}" if info else ""
    return f"A sandbox already runs in {folder}{where}: use it, stop it (down --dir), or choose another folder (--dir)."


def check_folder(folder: Path) -> None:
    """
    :raises SandboxError: it is in use, or holds something that no sandbox has left there.
    """
    if is_alive(folder):
        raise SandboxError(_in_use(folder))
    if folder.exists() and not folder.is_dir():
        raise SandboxError(f"{folder} is not a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / LOCK).exists():
        raise SandboxError(f"{folder} is not empty and was not made by a sandbox: choose another folder (--dir).")


def clean_up(folder: Path) -> None:
    """Remove what a sandbox that is no more has left: servers, and the folder."""
    if (folder / LOCK).exists():
        DataPlane.cleanup(folder)
        shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path, port: int | None, durations: str) -> dict[str, Any]:
    """Start a sandbox in a session of its own, and wait until it is ready.

    :raises SandboxError: why it did not start.
    """
    check_folder(folder)
    clean_up(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        log = (folder / LOG).open("ab")
    except OSError as error:
        raise SandboxError(f"{folder} can't be written: {error.strerror}.") from error
    (folder / LOCK).touch()
    command = [sys.executable, "-m", "sandbox", "serve", "--dir", str(folder), "--durations", durations]
    if port is not None:
        command += ["--port", str(port)]
    with log:
        process = subprocess.Popen(
            command, cwd=TESTS, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        return _await_ready(folder, process)
    except BaseException:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            process.kill()
        DataPlane.cleanup(folder)
        if (folder / FAILURE).exists():  # it said why; else its log may tell
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _await_ready(folder: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SandboxError(_reason(folder, process.returncode))
        info = info_of(folder)
        if info is not None and info["pid"] == process.pid:
            return info
        time.sleep(0.02)
    raise SandboxError(f"The sandbox was not ready after {START_SECONDS:.0f} seconds.")


def _reason(folder: Path, code: int) -> str:
    """Why a sandbox ended before it was ready: its own sentence, else the end of its log."""
    with contextlib.suppress(OSError):
        return (folder / FAILURE).read_text(encoding="utf-8").strip()
    return f"The sandbox ended with status {code} before it was ready; its log is {folder / LOG}."


def stop(folder: Path) -> bool:
    """Stop the sandbox of that folder and remove the folder; False when there was none.

    :raises SandboxError: it does not end, or the folder is none of a sandbox's.
    """
    if not (folder / LOCK).exists():
        if folder.is_dir() and any(folder.iterdir()):
            raise SandboxError(f"{folder} was not made by a sandbox; it is left as it is.")
        return False
    for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5.0)):
        if not is_alive(folder):
            break
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((folder / LOCK).read_text(encoding="utf-8")), number)
        _await_end(folder, seconds)
    if is_alive(folder):
        raise SandboxError(f"The sandbox in {folder} does not end.")
    clean_up(folder)
    return True


def _await_end(folder: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while is_alive(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
