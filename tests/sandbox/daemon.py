# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox in the background: one per folder, held by a lock that ends with its process."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from sandbox.errors import SandboxError, in_words

LOCK = "sandbox.lock"
LOG = "sandbox.log"
READY = "ready"
START_SECONDS = 180.0
STOP_SECONDS = 30.0
# Somebody who only looks whether a sandbox lives holds the lock for a moment.
LOCK_SECONDS = 1.0
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


def take(folder: Path) -> IO[str]:
    """Make the folder and hold it: until the file that is returned is closed, here and in processes that have it too.

    What a sandbox that is no more has left there is removed.

    :raises SandboxError: another sandbox holds it, or it holds something that no sandbox has left there.
    """
    _check_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _locked(folder)
    except OSError as error:
        raise SandboxError(f"{folder} can't be written: {in_words(error)}.") from error
    try:
        _clean_up(folder)
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
    except OSError as error:
        lock.close()
        raise SandboxError(f"{folder} can't be written: {in_words(error)}.") from error
    except BaseException:
        lock.close()
        raise
    return lock


def _locked(folder: Path) -> IO[str]:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        lock: IO[str] = (folder / LOCK).open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who held it before may have removed the folder.
            if os.path.samestat(os.fstat(lock.fileno()), (folder / LOCK).stat()):
                return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                lock.close()
                raise SandboxError(_in_use(folder)) from None
            time.sleep(0.02)
        except FileNotFoundError:
            folder.mkdir(parents=True, exist_ok=True)
        lock.close()


def _in_use(folder: Path) -> str:
    info = info_of(folder) or {}
    where = f" at {info['endpoint_url']}" if info else ""
    return f"A sandbox already runs in {folder}{where}: use it, stop it (down --dir), or choose another folder (--dir)."


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise SandboxError(f"{folder} is not a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / LOCK).exists():
        raise SandboxError(f"{folder} is not empty and was not made by a sandbox: choose another folder (--dir).")


def _clean_up(folder: Path) -> None:
    """Remove what is left there: servers, and all files but the lock."""
    left = [path for path in folder.iterdir() if path.name != LOCK]
    if left:
        # Late: it takes its time to load.
        from sandbox.dataplane import DataPlane

        DataPlane.cleanup(folder)
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def remove(folder: Path) -> None:
    """Remove the folder of a sandbox that is no more, and what it left running."""
    with contextlib.suppress(OSError):
        _clean_up(folder)
    shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path, arguments: Sequence[str]) -> dict[str, Any]:
    """Start a sandbox in a session of its own, and wait until it is ready.

    :param arguments: of ``serve``, besides the folder.
    :raises SandboxError: why it did not start.
    """
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as report:
        try:
            # The lock goes over to the new process.
            with take(folder) as lock, (folder / LOG).open("ab") as log:
                descriptors = (lock.fileno(), writing)
                command = [sys.executable, "-m", "sandbox", "serve", "--dir", str(folder), *arguments]
                command += ["--lock", str(descriptors[0]), "--report", str(descriptors[1])]
                process = subprocess.Popen(
                    command, cwd=TESTS, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                    pass_fds=descriptors,
                )  # fmt: skip
        except OSError as error:
            remove(folder)
            raise SandboxError(f"The sandbox can't be started in {folder}: {in_words(error)}.") from error
        finally:
            os.close(writing)
        try:
            return _await_ready(folder, process, report)
        except BaseException as error:
            _end(process)
            if not isinstance(error, _Unexplained):
                remove(folder)
            raise


class _Unexplained(SandboxError):
    """It did not say why it ended, but its log may."""


def _await_ready(folder: Path, process: subprocess.Popen[bytes], report: IO[bytes]) -> dict[str, Any]:
    said, deadline = b"", time.monotonic() + START_SECONDS
    while not said.endswith(b"\n"):
        if not select.select([report], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise SandboxError(f"The sandbox was not ready after {START_SECONDS:.0f} seconds.")
        piece = report.read(4096)
        if not piece:
            code = process.wait(STOP_SECONDS)
            raise _Unexplained(f"The sandbox ended with status {code} before it was ready; its log is {folder / LOG}.")
        said += piece
    answer = said.decode(errors="replace").strip()
    if answer != READY:
        raise SandboxError(answer)
    return dict(json.loads((folder / "endpoint.json").read_text(encoding="utf-8")))


def _end(process: subprocess.Popen[bytes]) -> None:
    for end, seconds in ((process.terminate, STOP_SECONDS), (process.kill, 5.0)):
        with contextlib.suppress(subprocess.TimeoutExpired):
            # One that failed ends by itself, and is given the time to stop its servers.
            process.wait(seconds / 10)
            return
        end()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return


@contextlib.contextmanager
def held(folder: Path, descriptor: int | None) -> Iterator[None]:
    """Hold the folder for the length of the block; the lock goes with the process, however that ends.

    :param descriptor: of a file that ``take`` has returned to the process that started this one. It stays open until
        this process is gone: who waits for the lock then knows.
    :raises SandboxError: another sandbox holds it.
    """
    with take(folder) if descriptor is None else os.fdopen(descriptor, "a", closefd=False) as lock:
        os.set_inheritable(lock.fileno(), False)
        os.truncate(lock.fileno(), 0)
        os.write(lock.fileno(), f"{os.getpid()}\n".encode())
        yield


class Reporter:
    """Tells the process that started this one, if there is one, how it went; files might not be writable."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def tell(self, sentence: str) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.write(self._descriptor, " ".join(sentence.split()).encode() + b"\n")
                os.close(self._descriptor)
            self._descriptor = None


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
    remove(folder)
    return True


def _await_end(folder: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while is_alive(folder) and time.monotonic() < deadline:
        time.sleep(0.02)
