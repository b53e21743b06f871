# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed: nothing of it holds a password, no module goes on, and running it again finishes the job."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import STAGING, Sandbox, eventually, play, process_arguments, start
from leaks import find_passwords


def step_is(sandbox: Sandbox, step: str, status: str) -> bool:
    return any(item["step"]["S"] == step and item.get("status", {}).get("S") == status for item in sandbox.items())


def test_killed_while_passwords_are_in_use_then_run_again(sandbox: Sandbox, tmp_path: Path) -> None:
    first = start(sandbox, tmp_path, "-vvv")
    eventually(
        "db_users is running", lambda: first.process.poll() is not None or step_is(sandbox, "db_users", "running"), 300
    )
    for _look in range(40):  # into the tasks of the step, with passwords on their way to modules
        first.arguments |= process_arguments()
        time.sleep(0.05)
    assert first.process.poll() is None, first.output[-4000:]
    first.kill_group(signal.SIGKILL)
    eventually(
        "modules of the killed run have stopped",
        lambda: not any(str(tmp_path) in arguments for arguments in process_arguments()),
    )
    assert find_passwords(sandbox, first) == []
    again = play(sandbox, tmp_path)
    assert again.code == 0, again.output[-6000:]
    app = sandbox.secret("shop/staging/app")
    with sandbox.login(STAGING, app["app_username"], app["app_password"]) as cursor:
        cursor.execute("SELECT count(*) FROM shop.customers")
        assert cursor.fetchone()[0] > 0


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
