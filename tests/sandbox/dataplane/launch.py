# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a program that may not run as root and must not outlive the sandbox.

Run as a script: launch.py IDENTITY PARENT_PID PROGRAM [ARGUMENT ...], or with "--probe FOLDER" instead of the program's
arguments to see whether the program could run and use the folder. It becomes the program, so their process ids agree.
IDENTITY is "direct", "namespace:UID" (a user namespace in which the caller is that user), "setuid:UID:GID", or
"beside:PID:UID" (as "namespace", inside the user and network namespaces of a process of the caller's).
Standard library only: it is run with an isolated interpreter, which starts fastest.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import tempfile
from pathlib import Path

IDENTITY_REFUSED = 71
FOLDER_REFUSED = 72
PROGRAM_REFUSED = 73

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _enter_namespace(libc: ctypes.CDLL, uid: int) -> None:
    outside_uid, outside_gid = os.geteuid(), os.getegid()
    _check(libc.unshare(_CLONE_NEWUSER), "unshare")
    # Without this, a process may not map its group.
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{uid} {outside_uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{uid} {outside_gid} 1", encoding="ascii")


def _join(libc: ctypes.CDLL, pid: int) -> None:
    """Enter the namespaces of a process: the one of users first, which gives the right to the other."""
    for kind, name in ((_CLONE_NEWUSER, "user"), (_CLONE_NEWNET, "net")):
        namespace = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY)
        _check(libc.setns(namespace, kind), "setns")
        os.close(namespace)


def _take_identity(libc: ctypes.CDLL, identity: str) -> None:
    kind, *numbers = identity.split(":")
    if kind == "namespace":
        _enter_namespace(libc, int(numbers[0]))
    elif kind == "beside":
        _join(libc, int(numbers[0]))
        _enter_namespace(libc, int(numbers[1]))
    elif kind == "setuid":
        os.setgroups([])
        os.setresgid(int(numbers[1]), int(numbers[1]), int(numbers[1]))
        os.setresuid(int(numbers[0]), int(numbers[0]), int(numbers[0]))


def _probe(program: str, folder: str) -> int:
    # What access() says of a namespace's own capabilities does not hold for files outside: open for real.
    try:
        with open(program, "rb"):
            pass
        if not os.access(program, os.X_OK):
            return PROGRAM_REFUSED
    except OSError:
        return PROGRAM_REFUSED
    try:
        with tempfile.TemporaryFile(dir=folder):
            return 0
    except OSError:
        return FOLDER_REFUSED


def main(arguments: list[str]) -> int:
    """Become the program; returns only when that is not possible, or after a probe."""
    identity, parent, program, *rest = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        _take_identity(libc, identity)
    except (OSError, ValueError) as error:
        print(f"cannot become {identity}: {error}", file=sys.stderr)
        return IDENTITY_REFUSED
    if rest[:1] == ["--probe"]:
        return _probe(program, rest[1])
    # After the change of identity, which clears it. For PostgreSQL, SIGQUIT means: stop at once, children too.
    _check(libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGQUIT), 0, 0, 0), "prctl")
    if os.getppid() != int(parent):
        return 1
    try:
        os.execv(program, [program, *rest])  # noqa: S606 - becoming it is the purpose
    except OSError as error:
        print(f"cannot run {program}: {error}", file=sys.stderr)
        return PROGRAM_REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
