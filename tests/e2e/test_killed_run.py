# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed: nothing of it holds a password, no module goes on, and running it again finishes the job."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from harness import STAGING, Sandbox, eventually, play, process_arguments, processes_of, start, step_is
from leaks import find_passwords


def test_killed_while_passwords_are_in_use_then_run_again(sandbox: Sandbox, tmp_path: Path) -> None:
    first = start(sandbox, tmp_path, "-vvv")
    eventually(
        "db_users is running", lambda: first.process.poll() is not None or step_is(sandbox, "db_users", "running"), 300
    )
    for _look in range(40):  # into the tasks of the step, with passwords on their way to modules
        first.arguments |= process_arguments()
        time.sleep(0.05)
    assert first.process.poll() is None, first.output[-4000:]
    assert processes_of(tmp_path)
    first.kill_group(signal.SIGKILL)
    eventually("modules of the killed run have stopped", lambda: not processes_of(tmp_path))
    assert find_passwords(sandbox, first) == []
    again = play(sandbox, tmp_path)
    assert again.code == 0, again.output[-6000:]
    app = sandbox.secret("shop/staging/app")
    with sandbox.login(STAGING, app["app_username"], app["app_password"]) as cursor:
        cursor.execute("SELECT count(*) FROM shop.customers")
        assert cursor.fetchone()[0] > 0
