# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a module notices that its runner has gone: with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from ansible_collections.dbops.aurora_restore.plugins.module_utils import _runner
from ansible_collections.dbops.aurora_restore.plugins.module_utils._runner import Runner, parent_of

# A module stands in a session of its own, as Ansible starts it; it tells when its runner is gone.
MODULE = """
import runpy, sys, time
Runner = runpy.run_path(sys.argv[1])["Runner"]
runner = Runner.current()
print("alive" if runner.alive() else "gone", flush=True)
for _ in range(500):
    if not runner.alive():
        print("gone", flush=True)
        break
    time.sleep(0.02)
"""
RUNNER = """
import subprocess, sys
subprocess.Popen([sys.executable, *sys.argv[1:]], start_new_session=True).wait()
"""


def test_parent_of_this_process():
    assert parent_of(os.getpid()) == os.getppid()


def test_parent_of_a_process_with_an_awkward_name(tmp_path):
    script = tmp_path / "a) b (c"
    script.write_text("#!/bin/sh\nread x\n")
    script.chmod(0o755)
    with subprocess.Popen([script], stdin=subprocess.PIPE) as process:
        assert parent_of(process.pid) == os.getpid()
        assert process.stdin
        process.stdin.close()


def test_parent_of_nobody():
    assert parent_of(2**22 + 1) is None


def test_a_killed_runner_is_noticed():
    command = [sys.executable, "-c", RUNNER, "-c", MODULE, _runner.__file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout
        assert runner.stdout.readline().strip() == "alive"
        runner.kill()
        started = time.monotonic()
        assert runner.stdout.readline().strip() == "gone"
        assert time.monotonic() - started < 5


def test_a_detached_module_has_no_runner_to_watch():
    assert Runner(leader=10, parent=1, look=lambda pid: 1).alive()
    assert Runner(leader=10, parent=None, look=lambda pid: None).alive()


def test_a_new_parent_means_gone():
    assert Runner(leader=10, parent=5, look=lambda pid: 5).alive()
    assert not Runner(leader=10, parent=5, look=lambda pid: 1).alive()
    assert not Runner(leader=10, parent=5, look=lambda pid: None).alive()
