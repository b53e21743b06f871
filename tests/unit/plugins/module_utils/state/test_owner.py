# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding the ansible-playbook process, and knowing when it is dead."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.owner import (
    Owner,
    Process,
    current_owner,
    find_playbook,
    is_dead,
    read_process,
)

PLAYBOOK = ("/venv/bin/python", "/venv/bin/ansible-playbook", "restore.yml")


def tree(*processes: Process) -> Callable[[int], Process | None]:
    return {process.pid: process for process in processes}.get


def process(pid: int, parent: int, *arguments: str) -> Process:
    return Process(pid, parent, pid * 10, arguments)


def test_the_worker_leads_to_the_playbook_and_not_beyond() -> None:
    look = tree(
        process(40, 30, *PLAYBOOK), process(30, 20, *PLAYBOOK), process(20, 10, "make", "demo"), process(10, 1, "bash")
    )
    found = find_playbook(40, look)
    assert found is not None
    assert found.pid == 30


def test_become_with_a_session_of_its_own_still_leads_to_the_playbook() -> None:
    look = tree(
        process(60, 50, "/usr/bin/python3", "/tmp/AnsiballZ_operation.py"),
        process(50, 40, "sudo", "-u", "dba", "/bin/sh"),
        process(40, 30, *PLAYBOOK),
        process(30, 1, *PLAYBOOK),
    )
    found = find_playbook(60, look)
    assert found is not None
    assert found.pid == 30


def test_a_playbook_that_runs_a_playbook_is_not_taken_for_the_inner_one() -> None:
    look = tree(
        process(50, 40, *PLAYBOOK),
        process(40, 30, *PLAYBOOK),
        process(30, 20, "/bin/sh", "-c", "…"),
        process(20, 1, "/venv/bin/ansible-playbook", "outer.yml"),
    )
    found = find_playbook(50, look)
    assert found is not None
    assert found.pid == 40


@pytest.mark.parametrize(
    "look",
    [
        tree(process(40, 1, "python", "AnsiballZ_operation.py")),
        tree(process(40, 30, "sh"), process(30, 1, "sshd: dba")),
        tree(),
    ],
)
def test_without_a_playbook_there_is_no_process(look: Callable[[int], Process | None]) -> None:
    assert find_playbook(40, look) is None


def test_an_unknown_process_is_never_dead() -> None:
    nobody = Owner("host", "boot", "ns", 0, 0)
    assert not is_dead(nobody, nobody, lambda pid: None)


HERE = Owner("host", "boot", "ns", 7, 70)


def test_dead_is_gone_or_a_zombie_or_another_process_with_the_same_id() -> None:
    assert is_dead(HERE, HERE, lambda pid: None)
    assert is_dead(HERE, HERE, lambda pid: Process(7, 1, 70, (), zombie=True))
    assert is_dead(HERE, HERE, lambda pid: Process(7, 1, 71, ()))
    assert not is_dead(HERE, HERE, lambda pid: Process(7, 1, 70, ()))


@pytest.mark.parametrize(
    "other",
    [
        Owner("elsewhere", "boot", "ns", 7, 70),
        Owner("host", "before", "ns", 7, 70),
        Owner("host", "boot", "pod", 7, 70),
    ],
)
def test_another_host_boot_or_namespace_tells_nothing(other: Owner) -> None:
    assert not is_dead(other, HERE, lambda pid: None)


def test_owner_survives_being_written() -> None:
    assert Owner.parse(str(HERE)) == HERE
    assert Owner.parse("something else") is None
    assert Owner.parse("a/b/c/x/1") is None


def test_real_processes() -> None:
    mine = read_process(os.getpid())
    assert mine is not None
    assert mine.parent == os.getppid()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        born = read_process(child.pid)
        assert born is not None
        assert born.parent == os.getpid()
        owner = Owner("h", "b", "n", child.pid, born.start)
        assert not is_dead(owner, owner)
    assert is_dead(owner, owner)


def test_current_owner_names_this_host() -> None:
    owner = current_owner(os.getpgrp())
    assert owner.host
    assert Owner.parse(str(owner)) == owner
