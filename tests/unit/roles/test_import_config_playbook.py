# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook that writes an inventory from a config.json, as it is run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
PLAYBOOK = str(CHECKOUT / "playbooks/import_config.yml")
CONFIG = {
    "source_region": "us-east-1", "source_cluster_id": "shop-production", "target_region": "us-west-2",
    "target_cluster_id": "shop-staging", "master_credentials_secret_id": "shop/staging/master",
    "app_credentials_secret_id": "shop/staging/app", "sns_topic_arn": "arn:aws:sns:us-west-2:123456789012:restores",
    "vpc_config": {"subnet_ids": ["subnet-1"]},
    "restore_params": {
        "port": "5433", "deletion_protection": "false", "availability_zones": ["us-west-2a", "us-west-2b"],
    },
}  # fmt: skip


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=folder, capture_output=True, text=True, check=False, timeout=300,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


def convert(folder: Path, config: Any, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return run(folder, "ansible-playbook", PLAYBOOK, "-e", "config=config.json", *more)


def test_from_a_config_to_an_inventory(tmp_path: Path) -> None:
    checked = convert(tmp_path, CONFIG, "--check", "--diff")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "+      aurora_restore_port: 5433" in checked.stdout
    assert not (tmp_path / "inventories").exists()

    written = convert(tmp_path, CONFIG)
    assert written.returncode == 0, written.stdout + written.stderr
    assert "vpc_config: Not mapped" in written.stdout and "aurora_restore_db_ca_cert: Needed" in written.stdout
    place = tmp_path / "inventories" / "shop-staging"
    assert sorted(str(path.relative_to(place)) for path in place.rglob("*.yml")) == ["group_vars/all.yml", "hosts.yml"]
    linted = run(tmp_path, "yamllint", "--strict", "-c", str(CHECKOUT / ".yamllint"), str(place))
    assert linted.returncode == 0, linted.stdout
    read = run(tmp_path, "ansible-inventory", "-i", str(place), "--host", "shop-staging")
    variables = json.loads(read.stdout)
    assert variables["aurora_restore_port"] == 5433 and variables["aurora_restore_deletion_protection"] is False
    assert variables["aurora_restore_availability_zones"] == ["us-west-2a", "us-west-2b"]
    assert variables["ansible_pipelining"] is True and variables["aurora_restore_db_ca_cert"] == ""

    # The same once more is no replacement.
    again = convert(tmp_path, CONFIG)
    assert again.returncode == 0 and "changed=0" in again.stdout

    # What somebody has filled in is not lost.
    (place / "group_vars/all.yml").write_text("aurora_restore_db_ca_cert: /ca.pem\n")
    refused = convert(tmp_path, CONFIG | {"snapshot_prefix": "weekly"})
    assert refused.returncode != 0
    assert "hosts.yml is there already, with other content. Nothing was written" in refused.stdout + refused.stderr
    assert (place / "group_vars/all.yml").read_text() == "aurora_restore_db_ca_cert: /ca.pem\n"
    assert "weekly" not in (place / "hosts.yml").read_text()
    replaced = convert(tmp_path, CONFIG | {"snapshot_prefix": "weekly"}, "-e", "overwrite=true")
    assert replaced.returncode == 0 and "weekly" in (place / "hosts.yml").read_text()

    # And a run is refused, before it asks AWS anything, until somebody has said whom the database is to be trusted by.
    restore = run(tmp_path, "ansible-playbook", "-i", str(place), str(CHECKOUT / "playbooks/restore.yml"), "--check")
    assert restore.returncode != 0
    assert "aurora_restore_db_ca_cert: required, but empty" in restore.stdout + restore.stderr


def test_nothing_is_written_from_what_can_not_be_used(tmp_path: Path) -> None:
    refused = convert(tmp_path, CONFIG | {"retries": 3, "password": "hunter2", "target_region": "west"}, "-vvv")
    said = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "retries: a config.json has no such key" in said and "target_region is 'west'" in said
    assert "password looks like a secret" in said and "hunter2" not in said
    for config, sentence in (('{"a" 1}', "This is no JSON, from line 1, column 6"), ("", "This is no JSON")):
        refused = convert(tmp_path, config, "-e", "inventory=elsewhere")
        assert refused.returncode != 0 and sentence in refused.stdout + refused.stderr
    missing = convert(tmp_path, CONFIG, "-e", "config=nowhere.json")
    assert missing.returncode != 0 and f"There is no file {tmp_path}/nowhere.json" in missing.stdout + missing.stderr
    nameless = run(tmp_path, "ansible-playbook", PLAYBOOK)
    assert (
        nameless.returncode != 0
        and "Give the config.json to read as -e config=FILE." in nameless.stdout + nameless.stderr
    )
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith(".")) == ["config.json"]
