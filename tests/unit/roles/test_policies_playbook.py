# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that writes policies: for the sandbox's inventory, those that the sandbox's restores run with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
SCENARIOS = CHECKOUT / "tests" / "sandbox" / "scenarios"
ACCOUNT = "123456789012"


TOPIC = {"topic_arn": f"arn:aws:sns:us-west-2:{ACCOUNT}:aurora-restore"}


def play(folder: Path, *arguments: str, world: Any = None, **variables: Any) -> subprocess.CompletedProcess[str]:
    """With the sandbox's inventory, and no sandbox: AWS can't be asked anything."""
    endpoint = {
        "endpoint_url": "http://127.0.0.1:9", "credentials": {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "x"},
        "ca_cert": "/ca.pem", "world": TOPIC if world is None else world,
    }  # fmt: skip
    (folder / "endpoint.json").write_text(json.dumps(endpoint))
    inventory, given = CHECKOUT / "inventories" / "sandbox", {"aurora_restore_report_dir": str(folder / "reports")}
    return subprocess.run(
        [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(inventory), "playbooks/policies.yml",
         "-e", json.dumps(given | variables), *arguments],
        cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "AURORA_RESTORE_SANDBOX_DIR": str(folder), "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
             "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


def test_restores_in_the_sandbox_run_with_just_what_is_written(tmp_path: Path) -> None:
    written = tmp_path / "reports" / "policies-shop-staging"
    written.mkdir(parents=True)
    (written / "restore-2.json").write_text("of an earlier, longer one")
    run = play(tmp_path, aurora_restore_policies_account=ACCOUNT)
    assert run.returncode == 0, run.stdout + run.stderr
    names = {"plan", "restore", "bootstrap-1", "bootstrap-2", "cleanup", "rotation"}
    assert {path.stem for path in written.iterdir()} == names
    assert (written / "restore.json").read_text() == (SCENARIOS / "runner-policy.json").read_text()
    assert (written / "plan.json").read_text() == (SCENARIOS / "planner-policy.json").read_text()
    users = yaml.safe_load((SCENARIOS / "iam.yml").read_text())["world"]["accounts"][ACCOUNT]["users"]
    assert users["runner"] == {"policies": ["runner-policy.json"]}
    assert users["planner"] == {"policies": ["planner-policy.json"]}


def test_bootstrap_in_the_empty_sandbox_runs_with_just_what_is_written(tmp_path: Path) -> None:
    """There the inventory has no topic yet."""
    run = play(tmp_path, world={}, aurora_restore_policies_account=ACCOUNT)
    assert run.returncode == 0, run.stdout + run.stderr
    users = yaml.safe_load((SCENARIOS / "empty.yml").read_text())["world"]["accounts"][ACCOUNT]["users"]
    names = users["installer"]["policies"]
    written = sorted((tmp_path / "reports" / "policies-shop-staging").glob("bootstrap*.json"))
    assert [path.read_text() for path in written] == [(SCENARIOS / name).read_text() for name in names]


def test_a_variable_that_there_is_not_is_refused(tmp_path: Path) -> None:
    run = play(tmp_path, aurora_restore_policies_acount=ACCOUNT)
    assert run.returncode != 0
    assert "There is no aurora_restore_policies_acount" in " ".join((run.stdout + run.stderr).split())
    assert not (tmp_path / "reports").exists()
