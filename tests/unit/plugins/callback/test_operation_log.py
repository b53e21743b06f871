# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of a play: what is in it, and what must not be.

One play runs with real modules, the plugin beside it as in the collection's playbooks, and enabled by name as well.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from ansible_collections.dbops.aurora_restore.plugins.callback import operation_log
from moto.server import ThreadedMotoServer

CHECKOUT = Path(__file__).resolve().parents[4]
BIN = Path(sys.executable).parent
SECRET = "correct-horse-battery"
PLAY = f"""
- hosts: all
  gather_facts: false
  module_defaults:
    group/dbops.aurora_restore.aurora_restore:
      region: us-west-2
      endpoint_url: "{{{{ url }}}}"
      access_key: AKIAIOSFODNN7EXAMPLE
      secret_key: {SECRET}-key
  tasks:
    - name: Before it is known
      ansible.builtin.debug:
        msg: first
    - name: Start
      dbops.aurora_restore.operation:
        state: started
        table: log-state
        source: {{region: us-east-1, cluster_id: shop-production}}
        target: {{region: us-west-2, cluster_id: "{{{{ inventory_hostname }}}}"}}
        publish: "{{{{ publish }}}}"
      register: started
    - name: Begin
      dbops.aurora_restore.operation:
        state: recorded
        operation: "{{{{ started.operation }}}}"
        step: db_users
        status: running
    - name: Work with a secret
      ansible.builtin.debug:
        msg: "{SECRET}"
      no_log: true
    - name: Fail with a secret
      ansible.builtin.fail:
        msg: "{SECRET}"
      no_log: true
      ignore_errors: true
    - name: Fail at one of several
      ansible.builtin.fail:
        msg: "{{{{ item }}}}"
      loop: [a, b]
      when: item == 'b'
      ignore_errors: true
    - name: Ask the module for too much
      dbops.aurora_restore.operation:
        state: renewed
        operation: "{{{{ started.operation | combine({{'fence': 99}}) }}}}"
      ignore_errors: true
      when: inventory_hostname == 'one'
    - name: Say a verifier
      ansible.builtin.debug:
        msg: "ALTER ROLE x PASSWORD 'SCRAM-SHA-256$4096:{SECRET}'"
    - name: Leave out
      ansible.builtin.debug:
        msg: never
      when: false
    - name: End the step
      dbops.aurora_restore.operation:
        state: recorded
        operation: "{{{{ started.operation }}}}"
        step: db_users
        status: succeeded
        publish: "{{{{ publish }}}}"
      register: recorded
    - name: Show what was shipped
      ansible.builtin.debug:
        msg: "SHIPPED {{{{ recorded.published.events }}}} {{{{ recorded.published.kept }}}}"
"""


@dataclass
class Played:
    output: str
    folder: Path
    logs: dict[str, list[dict[str, Any]]]

    def of(self, host: str, task: str) -> list[dict[str, Any]]:
        return [record for record in self.logs[host] if record.get("task") == task]


@pytest.fixture(scope="module")
def url() -> Any:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def play(url: str, home: Path, **environment: str) -> str:
    """Run the play for two targets; what it printed."""
    book = home / "playbooks"
    shutil.copytree(CHECKOUT / "playbooks/callback_plugins", book / "callback_plugins")
    (book / "play.yml").write_text(PLAY)
    variables = {
        "url": url, "publish": {"folder": str(home / "logs"), "log_group_prefix": "/r"},
        "ansible_connection": "local", "ansible_python_interpreter": sys.executable,
    }  # fmt: skip
    command = [BIN / "ansible-playbook", "-i", "one,two", book / "play.yml", "-e", json.dumps(variables)]
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", **environment}
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


@pytest.fixture(scope="module")
def played(url: str, tmp_path_factory: pytest.TempPathFactory) -> Played:
    keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x", "region_name": "us-west-2"}
    boto3.client("dynamodb", endpoint_url=url, **keys).create_table(
        TableName="log-state", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "operation_id", "KeyType": "HASH"}, {"AttributeName": "step", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("operation_id", "step")],
    )  # fmt: skip
    for step in ("preflight", "db_users"):
        boto3.client("logs", endpoint_url=url, **keys).create_log_group(logGroupName=f"/r/{step}")
    home = tmp_path_factory.mktemp("played")
    output = play(url, home, ANSIBLE_CALLBACKS_ENABLED="dbops.aurora_restore.operation_log")
    assert "SHIPPED" in output, output
    logs = {}
    for path in (home / "logs").glob("*.jsonl"):
        found = [json.loads(line) for line in path.read_text().splitlines()]
        logs[found[0]["target"].rpartition("/")[2]] = found
    return Played(output, home / "logs", logs)


def test_each_target_has_a_log_of_its_own(played: Played) -> None:
    assert set(played.logs) == {"one", "two"}
    for host, found in played.logs.items():
        assert {record["host"] for record in found if "task" in record} == {host}
        assert len({record["operation_id"] for record in found}) == 1
        assert all({"time", "target", "step", "fence", "event"} <= set(record) for record in found)


def test_each_task_has_a_start_and_a_result_once(played: Played) -> None:
    """Also those before the operation was known, and though the plugin was loaded twice."""
    assert [item["event"] for item in played.of("one", "Before it is known")] == ["start", "ok"]
    begin, end = played.of("one", "Begin")
    assert (begin["event"], end["event"]) == ("start", "changed")
    assert end["module"] == "dbops.aurora_restore.operation" and 0 < end["seconds"] < 60
    assert [item["event"] for item in played.of("one", "Leave out")] == ["start", "skipped"]
    assert played.of("one", "Before it is known")[1]["message"] == "first"


def test_records_belong_to_the_step_that_runs(played: Played) -> None:
    assert {item["step"] for item in played.of("one", "Start") + played.of("one", "Begin")} == {"preflight"}
    assert {item["step"] for item in played.of("one", "Say a verifier")} == {"db_users"}


def test_secrets_are_in_no_record(played: Played) -> None:
    assert SECRET not in json.dumps(played.logs)
    for task, event in (("Work with a secret", "ok"), ("Fail with a secret", "failed")):
        end = played.of("one", task)[1]
        assert end["event"] == event and "message" not in end
    assert "********" in played.of("one", "Say a verifier")[1]["message"]
    assert SECRET in played.output, "what the terminal shows is not the log's to decide"


def test_errors_have_what_code_acts_on(played: Played) -> None:
    failed = played.of("one", "Ask the module for too much")[1]
    assert failed["event"] == "failed" and failed["error"]["kind"] == "lease_lost" and failed["ignored"] is True
    assert failed["message"]
    assert [item["event"] for item in played.of("two", "Ask the module for too much")] == ["start", "skipped"]


def test_of_a_loop_the_item_that_failed_counts(played: Played) -> None:
    assert played.of("one", "Fail at one of several")[1]["message"] == "b"


def test_the_module_ships_it(played: Played) -> None:
    shipped = [line for line in played.output.splitlines() if "SHIPPED" in line]
    assert len(shipped) == 2 and all(line.rstrip('"').endswith(" 0") for line in shipped), shipped
    assert "warning" not in played.output.lower().replace("[warning]: deprecation", "")


class Done:
    """A result as callbacks get it."""

    def __init__(self, action: str, **result: Any) -> None:
        self.host = SimpleNamespace(name="host")
        self.task = SimpleNamespace(_uuid="1", _role=None, name="t", action=action, resolved_action=None)
        self.result = result


def test_writes_nothing_where_no_log_is_wished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In check mode, and in other playbooks, the module names no file; a log ends with its play."""
    monkeypatch.chdir(tmp_path)
    plugin, path = operation_log.CallbackModule(), tmp_path / "logs" / "o.jsonl"
    operation = {"id": "o", "target": "a/b/c", "fence": 0}
    plugin.v2_runner_on_ok(Done("dbops.aurora_restore.operation", operation=operation))
    plugin.v2_runner_on_ok(Done("somebody.elses.operation", operation=operation, log_file=str(path)))
    assert not plugin.disabled and not path.exists()
    plugin.v2_runner_on_ok(Done("dbops.aurora_restore.operation", operation=operation, log_file=str(path)))
    assert len(path.read_text().splitlines()) == 3
    plugin.v2_playbook_on_play_start(None)
    plugin.v2_runner_on_ok(Done("ansible.builtin.debug"))
    assert len(path.read_text().splitlines()) == 3 and not plugin.disabled


def test_a_second_one_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operation_log.CallbackModule, "writer", None)
    first, second = operation_log.CallbackModule(), operation_log.CallbackModule()
    for plugin in (first, second, first):
        plugin.v2_playbook_on_start(None)
    assert (first.disabled, second.disabled) == (False, True)


class Screen:
    def __init__(self) -> None:
        self.said: list[str] = []

    def warning(self, text: str) -> None:
        self.said.append(text)


def test_an_error_of_its_own_is_one_warning() -> None:
    plugin, screen = operation_log.CallbackModule(), Screen()
    plugin._display = screen
    broken = SimpleNamespace(name="host")
    plugin.v2_runner_on_start(broken, None)
    assert plugin.disabled and len(screen.said) == 1 and "incomplete" in screen.said[0]


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path: Path) -> None:
    plugin, screen = operation_log.CallbackModule(), Screen()
    plugin._display = screen
    (tmp_path / "file").write_text("")
    log = plugin.logs.setdefault("host", operation_log.Log())
    log.path = tmp_path / "file" / "log.jsonl"
    task = SimpleNamespace(_uuid="1", _role=None, name="t", action="debug", resolved_action=None)
    plugin.v2_runner_on_start(SimpleNamespace(name="host"), task)
    assert plugin.disabled and len(screen.said) == 1


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Cluster shop-staging is gone", "Cluster shop-staging is gone"),
        ("SCRAM-SHA-256$4096:abc$def:ghi=", "********"),
        ("ALTER ROLE a PASSWORD 'x y'", "ALTER ROLE a PASSWORD '********'"),
        ('{"password": "x"}', '{"password": "********"}'),
        ("postgresql://app:pw@host/db", "postgresql://app:********@host/db"),
        ("the password of shop_app was set", "the password of shop_app was set"),
        ("token tok-123 was refused", "token ******** was refused"),
    ],
)
def test_masks(text: str, clean: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "tok-123")
    assert operation_log.masked(text) == clean


def test_only_so_much_is_remembered_before_there_is_an_operation() -> None:
    log = operation_log.Log()
    for number in range(operation_log.REMEMBERED + 10):
        log.write({"time": str(number)})
    assert len(log.waiting) == operation_log.REMEMBERED
