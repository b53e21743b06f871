# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the process that runs this module still lives.

ansible-playbook starts each module in a session of its own, so killing the playbook's process group or closing the
terminal leaves the module running. The module's process group leader is then re-parented: its parent process id is no
longer the one it had when the module started.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass


def parent_of(pid: int) -> int | None:
    """The parent process id of pid, or None when pid does not exist (or there is no /proc)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            content = stat.read()
    except OSError:
        return None
    # The command name, in parentheses, may itself hold spaces and parentheses.
    return int(content.rpartition(")")[2].split()[1])


@dataclass(frozen=True)
class Runner:
    """The process group leader of this module and the parent it had at the start."""

    leader: int
    parent: int | None
    look: Callable[[int], int | None] = parent_of

    @classmethod
    def current(cls) -> Runner:
        leader = os.getpgrp()
        return cls(leader, parent_of(leader))

    def alive(self) -> bool:
        """True as long as the leader has the parent it started with.

        Started without a parent to watch (no /proc, or detached on purpose, as ``async`` does): always True.
        """
        if self.parent is None or self.parent <= 1:
            return True
        return self.look(self.leader) == self.parent
