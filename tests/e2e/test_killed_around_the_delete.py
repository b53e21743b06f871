# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed while the target is half deleted, or gone: the next one still knows what it was like."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import STAGING, Sandbox, eventually, play, start, step_is


def deleting_members(sandbox: Sandbox) -> bool:
    return any(call["action"] == "DeleteDBInstance" for call in sandbox.calls())


def restoring(sandbox: Sandbox) -> bool:
    return step_is(sandbox, "cluster_restore", "running")


@pytest.mark.parametrize("moment", [deleting_members, restoring])
def test_killed_around_the_delete_keeps_the_old_configuration(
    moment: Callable[[Sandbox], bool], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Members and settings of the replaced cluster come back although they are gone when the second run starts."""
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox") / "world")
    sandbox.up()
    try:
        killed_then_run_again(sandbox, moment, tmp_path_factory.mktemp("home"))
    finally:
        sandbox.down()


def killed_then_run_again(sandbox: Sandbox, moment: Callable[[Sandbox], bool], home: Path) -> None:
    members = sorted(
        (instance["DBInstanceClass"], instance["PromotionTier"]) for instance in sandbox.instances(STAGING)
    )
    first = start(sandbox, home)
    eventually(
        "the moment to kill",
        lambda: first.process.poll() is not None or moment(sandbox),
        300,
    )
    assert first.process.poll() is None, first.output[-4000:]
    first.kill_group(signal.SIGKILL)
    again = play(sandbox, home)
    assert again.code == 0, again.output[-6000:]
    assert again.report()["status"] == "succeeded"
    assert sorted((i["DBInstanceClass"], i["PromotionTier"]) for i in sandbox.instances(STAGING)) == members
