# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The owner of a lease: the ansible-playbook process, named so that another run on the same host can see it is dead.

Written as ``host/boot id/pid namespace/pid/start time``. The process is found by walking up from the module's process
group leader. ansible-core starts every task in a worker process, forked from the playbook, that makes itself the leader
of a session of its own; so session and process group of a module end at the worker, which dies with its task, and only
the ancestry leads to the playbook. The nearest ancestor whose command line is an Ansible program is taken, then its
ancestors as long as they have the same command line (a fork keeps it): that is the playbook, not the worker, and not
what started the playbook (a shell, make, a controller), which outlives it.

Without such an ancestor (another connection than local, an asynchronous task) the pid is 0: such an owner can never be
seen to be dead, and its lease runs out by time only. The same goes for an owner in another pid namespace.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """What /proc says of a process; ``start`` is in clock ticks since boot, so that a re-used pid is told apart."""

    pid: int
    parent: int
    start: int
    arguments: tuple[str, ...]
    zombie: bool = False


@dataclass(frozen=True)
class Owner:
    """One process on one boot of one host."""

    host: str
    boot_id: str
    namespace: str
    pid: int
    start: int

    def __str__(self) -> str:
        return f"{self.host}/{self.boot_id}/{self.namespace}/{self.pid}/{self.start}"

    @classmethod
    def parse(cls, text: str) -> Owner | None:
        """The owner that wrote this string, or None when it is of another form."""
        parts = text.split("/")
        if len(parts) != 5 or not (parts[3].isdigit() and parts[4].isdigit()):
            return None
        return cls(parts[0], parts[1], parts[2], int(parts[3]), int(parts[4]))


def read_process(pid: int, proc: Path = PROC) -> Process | None:
    """The process of that id, or None when there is none (or no /proc)."""
    try:
        stat = (proc / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
        arguments = (proc / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return None
    # The command name, in parentheses, may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return Process(
        pid, int(fields[1]), int(fields[19]), tuple(arguments.rstrip("\0").split("\0")), fields[0] in ("Z", "X")
    )


def is_ansible(process: Process) -> bool:
    """Whether it runs an Ansible program: ``ansible-playbook …``, ``python …/ansible-playbook …``."""
    return any(os.path.basename(argument).startswith("ansible") for argument in process.arguments[:3])


def find_playbook(leader: int, look: Callable[[int], Process | None] = read_process) -> Process | None:
    """The ansible-playbook process that a module with this process group leader works for."""
    process = look(leader)
    while process is not None and not is_ansible(process):
        process = look(process.parent) if process.parent > 1 else None
    while process is not None:
        parent = look(process.parent) if process.parent > 1 else None
        if parent is None or parent.arguments != process.arguments:
            return process
        process = parent
    return None


def current_owner(leader: int) -> Owner:
    """The owner that this module run acts for.

    :param leader: the module's process group leader.
    """
    playbook = find_playbook(leader)
    return Owner(
        host=socket.gethostname().replace("/", "_") or "unknown",
        boot_id=_boot_id(),
        namespace=_pid_namespace(),
        pid=playbook.pid if playbook else 0,
        start=playbook.start if playbook else 0,
    )


def is_dead(owner: Owner, here: Owner, look: Callable[[int], Process | None] = read_process) -> bool:
    """Whether the owner is certainly dead, as seen from ``here``. False when it can't be known."""
    if not owner.pid or not owner.boot_id or not same_machine(owner, here):
        return False
    process = look(owner.pid)
    return process is None or process.zombie or process.start != owner.start


def same_machine(owner: Owner, here: Owner) -> bool:
    """Whether two owners see each other's processes: the same host, boot and pid namespace."""
    return (owner.host, owner.boot_id, owner.namespace) == (here.host, here.boot_id, here.namespace)


def _boot_id() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _pid_namespace() -> str:
    try:
        return os.readlink(PROC / "self/ns/pid").strip("pid:[]")
    except OSError:
        return ""
