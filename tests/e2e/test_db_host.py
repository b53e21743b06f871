# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database that only a second host can reach: database steps run there, and leave no secret there."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bastion as bastion_program
import pytest
from harness import BIN, CHECKOUT, STAGING, TARGET_REGION, Run, Sandbox, environment, process_arguments, start
from planned import PLAN

PROGRAM = bastion_program.__file__
LOGIN = """
import json, sys, psycopg2
for login in json.loads({logins!r}):
    with psycopg2.connect(connect_timeout=5, sslmode="verify-full", **login) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            print(cursor.fetchone()[0])
"""


class Bastion:
    """The second host: how Ansible gets to it, and what lies on its disk."""

    def __init__(self, folder: Path, inventory: Path) -> None:
        self.folder = folder
        self.inventory = inventory
        self.process: subprocess.Popen[str] | None = None

    def up(self) -> None:
        """:raises pytest.skip.Exception: there can be none here."""
        import asyncssh

        for name in ("home", "tmp"):
            (self.folder / name).mkdir()
        host_key, key = (asyncssh.generate_private_key("ssh-ed25519") for _number in range(2))
        (self.folder / "host_key").write_bytes(host_key.export_private_key())
        (self.folder / "authorized").write_bytes(key.export_public_key())
        (self.folder / "key").touch(mode=0o600)
        (self.folder / "key").write_bytes(key.export_private_key())
        (self.folder / "known_hosts").write_text(f"bastion {host_key.export_public_key().decode()}")
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, "serve", str(self.folder)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        if said != "ready":
            code = self.process.wait(30)
            assert code == bastion_program.REFUSED, said
            pytest.skip(said)

    def down(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(30)
        shutil.rmtree(self.folder)

    @property
    def ssh(self) -> list[str]:
        options = {
            "IdentityFile": self.folder / "key", "IdentitiesOnly": "yes", "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": self.folder / "known_hosts", "GlobalKnownHostsFile": "/dev/null",
            "HostKeyAlias": "bastion",
            "ProxyCommand": f"{sys.executable} -I -S {PROGRAM} connect {self.folder / 'ssh'}",
        }  # fmt: skip
        return ["-F", "none", *(part for key, value in options.items() for part in ("-o", f"{key}={value}"))]

    def run(self, program: str) -> str:
        """A Python program on that host."""
        done = subprocess.run(
            ["ssh", *self.ssh, "bastion", f"{sys.executable} -"],
            input=program, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write_inventory(self) -> None:
        lean = self.folder / "lean"
        lean.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
        lean.chmod(0o755)
        arguments = " ".join(f"'{part}'" if " " in part else part for part in self.ssh)
        # Tasks share a master connection, as by default; it ends with the server.
        ssh: dict[str, Any] = {
            "ansible_connection": "ssh", "ansible_ssh_common_args": arguments,
            "ansible_ssh_timeout": 60, "ansible_control_path_dir": str(self.folder / "cp"),
        }  # fmt: skip
        hosts: dict[str, Any] = {
            "bastion": {},
            "lean": {"ansible_python_interpreter": str(lean)},
            "gone": {"ansible_ssh_common_args": arguments.replace("/ssh'", "/nothing'")},
            "stores": {"ansible_connection": "community.aws.aws_ssm"},
        }
        group = {"hosts": {name: ssh | more for name, more in hosts.items()}}
        self.inventory.write_text(json.dumps({"all": {"children": {"database_hosts": group}}}))

    def files(self) -> Iterator[bytes]:
        """What lies in the host's own folders now."""
        for path in [*self.folder.glob("home/**/*"), *self.folder.glob("tmp/**/*")]:
            try:
                yield path.read_bytes()
            except OSError:  # a folder, or gone again
                continue


@pytest.fixture(scope="module")
def bastion(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bastion]:
    pytest.importorskip("asyncssh")
    if not shutil.which("ssh"):
        pytest.skip("there is no OpenSSH client here")
    # The path of a socket has at most 107 characters.
    made = Bastion(Path(tempfile.mkdtemp(prefix="ar-")), tmp_path_factory.mktemp("inventory") / "hosts.yml")
    try:
        made.up()
        made.write_inventory()
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def sandbox(bastion: Bastion, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Its database servers are in the network of the bastion."""
    made = Sandbox(tmp_path_factory.mktemp("sandbox") / "world")
    with pytest.MonkeyPatch.context() as patch:
        assert bastion.process is not None
        patch.setenv("AURORA_RESTORE_SANDBOX_NETWORK_OF", str(bastion.process.pid))
        made.up()
    yield made
    made.down()


def play(bastion: Bastion, sandbox: Sandbox, home: Path, *arguments: str, **more: Any) -> tuple[Run, list[str]]:
    """A run with the bastion in the inventory, and everything that was seen on its disk meanwhile."""
    seen: set[bytes] = set()
    secrets = [value.encode() for value in passwords(sandbox)]
    run = start(sandbox, home, "-i", str(bastion.inventory), *arguments, **more)
    deadline = time.monotonic() + 420
    while run.process.poll() is None:
        assert time.monotonic() < deadline, run.output[-4000:]
        run.arguments |= process_arguments()
        seen |= {secret for content in bastion.files() for secret in secrets if secret in content}
        time.sleep(0.02)
    return run, sorted(item.decode() for item in seen)


def passwords(sandbox: Sandbox) -> list[str]:
    master, app = sandbox.secret("shop/staging/master"), sandbox.secret("shop/staging/app")
    return [master["password"], app["app_password"], app["readonly_password"]]


def plan(home: Path) -> dict[str, dict[str, Any]]:
    checks = json.loads((home / "reports" / f"{PLAN}.json").read_text())["checks"]
    return {item["name"]: item for item in checks}


def test_only_through_it_the_database_is_in_reach(bastion: Bastion, sandbox: Sandbox, tmp_path: Path) -> None:
    cluster = sandbox.cluster(STAGING)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((cluster["Endpoint"], cluster["Port"]), timeout=5)
    run, _seen = play(bastion, sandbox, tmp_path, "--check", aurora_restore_plan_only=True)
    assert run.code != 0
    failed = {name: item for name, item in plan(tmp_path).items() if item["status"] == "failed"}
    assert set(failed) == {"database"}
    assert "aurora_restore_db_host" in failed["database"]["message"]
    run, _seen = play(
        bastion, sandbox, tmp_path, "--check", aurora_restore_plan_only=True, aurora_restore_db_host="bastion"
    )
    assert run.code == 0, run.output[-4000:]
    assert "reachable from bastion" in plan(tmp_path)["database"]["seen"]


def test_what_is_wrong_with_a_host_is_said(bastion: Bastion, sandbox: Sandbox, tmp_path: Path) -> None:
    asked = tmp_path / "ask.yml"
    names = ["nowhere", "stores", "gone", "lean"]
    tasks = [
        {
            "ansible.builtin.include_role": {"name": "dbops.aurora_restore.db_users", "tasks_from": "db_host.yml"},
            "vars": {"db_users_db_host": name, "db_users_ca_cert": "/nowhere/ca.pem"},
        }
        for name in names
    ]
    shown = {"ansible.builtin.debug": {"msg": "found={{ db_users_db_host_found.problems | to_json }}"}}
    content = [{"hosts": STAGING, "gather_facts": False, "tasks": [part for task in tasks for part in (task, shown)]}]
    asked.write_text(json.dumps(content))
    run = subprocess.run(
        [str(BIN / "ansible-playbook"), "-i", str(CHECKOUT / "inventories/sandbox"), "-i", str(bastion.inventory),
         str(asked)],
        env=environment(sandbox, tmp_path), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    shows = [json.loads(line.split('"msg": ', 1)[1]) for line in run.stdout.splitlines() if '"msg": "found=' in line]
    found = [json.loads(text.removeprefix("found=")) for text in shows]
    assert len(found) == len(names)
    wanted = {
        "nowhere": ["no host of the inventory"],
        "stores": ["community.aws.aws_ssm"],
        "gone": ["Host gone could not be asked"],
        "lean": ["has no psycopg2", "/nowhere/ca.pem can't be read"],
    }
    for sentences, (name, pieces) in zip(found, wanted.items(), strict=True):
        assert len(sentences) == len(pieces), sentences
        for sentence, piece in zip(sentences, pieces, strict=True):
            assert name in sentence
            assert piece in sentence


def test_users_are_set_up_through_it(bastion: Bastion, sandbox: Sandbox, tmp_path: Path) -> None:
    """The role by itself, with a new password for the application: without the host it fails, with it logins work."""
    app = sandbox.secret("shop/staging/app") | {"app_password": "A-new.password-0f-the-app"}
    sandbox.client("secretsmanager").put_secret_value(SecretId="shop/staging/app", SecretString=json.dumps(app))
    cluster, master = sandbox.cluster(STAGING), sandbox.secret("shop/staging/master")
    variables = {
        "db_users_host": cluster["Endpoint"], "db_users_port": cluster["Port"],
        "db_users_master_secret_id": "shop/staging/master", "db_users_app_secret_id": "shop/staging/app",
        "db_users_ca_cert": sandbox.info["ca_cert"], "db_users_region": TARGET_REGION,
    }  # fmt: skip
    task = {"ansible.builtin.include_role": {"name": "dbops.aurora_restore.db_users"}, "vars": variables}
    aws = {"group/dbops.aurora_restore.aurora_restore": "{{ aurora_restore_aws }}"}
    playbook = tmp_path / "users.yml"
    playbook.write_text(
        json.dumps([{"hosts": STAGING, "gather_facts": False, "module_defaults": aws, "tasks": [task]}])
    )
    alone, _seen = play(bastion, sandbox, tmp_path, playbook=str(playbook))
    assert alone.code != 0
    assert "Read the roles" in alone.output

    run, on_disk = play(bastion, sandbox, tmp_path, "-vvv", playbook=str(playbook), db_users_db_host="bastion")
    assert run.code == 0, run.output[-6000:]
    users = [(master["username"], master["password"]), (app["app_username"], app["app_password"]),
             (app["readonly_username"], app["readonly_password"])]  # fmt: skip
    at = {
        "host": cluster["Endpoint"],
        "port": cluster["Port"],
        "dbname": "shop",
        "sslrootcert": sandbox.info["ca_cert"],
    }
    logins = json.dumps([at | {"user": user, "password": password} for user, password in users])
    assert bastion.run(LOGIN.format(logins=logins)).split() == [user for user, _password in users]

    # Ansible makes this folder on a host when it is about to put a module's arguments there.
    assert not (bastion.folder / "home" / ".ansible").exists()
    assert on_disk == []
    texts = [run.output, *run.arguments, *(content.decode(errors="replace") for content in bastion.files())]
    assert not [password for password in passwords(sandbox) for text in texts if password in text]
