# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that end before the restore does, and a clock that AWS does not accept."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import STAGING, Run, Sandbox, play
from restored import assert_logins, assert_replaced, assert_snapshots_rows, assert_untouched, picture

ROLE = "operators"
EXPIRED = "The credentials have expired: renew them, then run the same command again."
# A run has begun the copy by its 44th call, and waits for it with one or two calls a second.
CALLS, COPY_TAKES = 70, 60

NAMES = {"access_key": "access_key_id", "secret_key": "secret_access_key", "session_token": "session_token"}

# Python imports it at start, so all processes of a run have the wrong time.
WRONG_CLOCK = """\
import datetime
import os
import time

OFF = float(os.environ["CLOCK_IS_OFF_BY"])
delta, seconds = datetime.timedelta(seconds=OFF), time.time
# Of the same name, since Ansible writes some as Python source.
datetime.datetime = type("datetime.datetime", (datetime.datetime,), {
    "__slots__": (),
    "now": classmethod(lambda cls, zone=None: super(datetime.datetime, cls).now(zone) + delta),
    "utcnow": classmethod(lambda cls: super(datetime.datetime, cls).utcnow() + delta),
})
time.time = lambda: seconds() + OFF
"""


@dataclass
class World:
    """A sandbox in which sessions of a role expire, and the credentials file of those who run."""

    sandbox: Sandbox
    credentials: Path
    before: dict[str, Any]
    resource_id: str

    def session(self, name: str) -> dict[str, str]:
        """Fresh credentials of the role."""
        role = self.sandbox.client("iam").get_role(RoleName=ROLE)["Role"]["Arn"]
        keys = self.sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
        return {
            "access_key": keys["AccessKeyId"], "secret_key": keys["SecretAccessKey"],
            "session_token": keys["SessionToken"],
        }  # fmt: skip

    def write(self, file: Path, name: str) -> None:
        """A credentials file whose profile "operator" is a fresh session."""
        lines = [f"aws_{NAMES[key]} = {value}" for key, value in self.session(name).items()]
        file.write_text("\n".join(["[operator]", *lines, ""]))

    def play(self, home: Path, aws: dict[str, str], **more_environment: str) -> Run:
        connection = {"endpoint_url": self.sandbox.info["endpoint_url"], **aws}
        return play(self.sandbox, home, more_environment=more_environment, aurora_restore_aws=connection)

    def calls_of(self, session: str) -> list[dict[str, Any]]:
        return [call for call in self.sandbox.calls() if str(call["principal"]).endswith(f"/{ROLE}/{session}")]


def scenario(credentials: Path) -> dict[str, Any]:
    """The first session expires after some calls. The second one does at the delete; the file is renewed then."""
    second = {"principal": f"assumed-role/{ROLE}/second"}
    return {
        "durations": {"snapshot_copy": COPY_TAKES},
        "faults": [
            {
                "name": "first-expires", "principal": f"assumed-role/{ROLE}/first",
                "nth": list(range(CALLS + 1, CALLS + 1000)), "expired_token": True,
            },
            {
                "name": "file-is-renewed", **second, "action": "DescribeDBClusterSnapshots",
                "resource": f"{STAGING}-final-*", "times": 1,
                "command": ["cp", f"{credentials}-third", str(credentials)],
            },
            {
                "name": "second-expires", **second,
                "action": ["CreateDBClusterSnapshot", "DeleteDBInstance", "DeleteDBCluster"], "expired_token": True,
            },
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("sandbox")
    credentials = folder / "credentials"
    (folder / "scenario.yml").write_text(json.dumps(scenario(credentials)))
    sandbox = Sandbox(folder / "world", folder / "scenario.yml")
    sandbox.up()
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    sandbox.client("iam").create_role(
        RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    # Permissions do not count in this sandbox, but preflight asks IAM about them.
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    sandbox.client("iam").put_role_policy(RoleName=ROLE, PolicyName="everything", PolicyDocument=json.dumps(everything))
    yield World(sandbox, credentials, picture(sandbox, STAGING), sandbox.cluster(STAGING)["DbClusterResourceId"])
    sandbox.down()
    assert not sandbox.dir.exists(), "the sandbox left files behind"


def flat(run: Run) -> str:
    """What was printed, as one line."""
    return " ".join(run.output.replace("\\n", " ").split())


def refused(calls: list[dict[str, Any]]) -> Counter[str]:
    return Counter(call["action"] for call in calls if str(call["error_code"]).startswith("ExpiredToken"))


def test_a_token_that_expires_and_a_profile_that_is_renewed(world: World, tmp_path: Path) -> None:
    failed = world.play(tmp_path, world.session("first"))
    assert failed.code != 0
    assert EXPIRED in flat(failed), failed.output[-6000:]
    assert_untouched(world.sandbox, world.before, world.resource_id)
    mine = world.calls_of("first")
    assert "CopyDBClusterSnapshot" in [call["action"] for call in mine[:CALLS]]
    assert refused(mine[:CALLS]) == {} and len(mine) > CALLS == len(mine) - refused(mine).total(), "expired for good"

    world.write(world.credentials, "second")
    world.write(Path(f"{world.credentials}-third"), "third")
    run = world.play(tmp_path, {"profile": "operator"}, AWS_SHARED_CREDENTIALS_FILE=str(world.credentials))
    assert run.code == 0, run.output[-6000:]
    assert_replaced(world.sandbox, world.before, world.resource_id)
    assert_snapshots_rows(world.sandbox)
    assert_logins(world.sandbox)
    # Once for each of the module's clients: the one that retries, and the one that makes one attempt.
    assert refused(world.calls_of("second")) == {"CreateDBClusterSnapshot": 1, "DeleteDBInstance": 1}
    third = world.calls_of("third")
    assert {"CreateDBClusterSnapshot", "DeleteDBInstance", "DeleteDBCluster"} <= {call["action"] for call in third}
    assert not refused(third)
    copies = [call for call in world.sandbox.calls() if call["action"] == "CopyDBClusterSnapshot"]
    assert [call["error_code"] for call in copies] == [None], "the copy in flight is adopted"
    (operation,) = [item for item in world.sandbox.items() if item["step"]["S"] == "#operation"]
    assert operation["status"]["S"] == "succeeded", "resumed, not begun anew"


@pytest.mark.parametrize(("seconds", "says"), [(-3600, "1 h behind"), (3600, "1 h ahead of")])
def test_a_clock_that_is_far_off(world: World, tmp_path: Path, seconds: int, says: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(WRONG_CLOCK)
    before, items = len(world.sandbox.calls()), world.sandbox.items()
    run = world.play(
        tmp_path, world.sandbox.info["credentials"], PYTHONPATH=str(tmp_path), CLOCK_IS_OFF_BY=str(seconds)
    )
    assert run.code != 0
    assert f"This machine's clock is {says} AWS's: set it (NTP), then run the same command again." in flat(run)
    assert "Traceback" not in run.output
    calls = [call for call in world.sandbox.calls()[before:] if "aurora-restore" in call["user_agent"]]
    assert calls and {call["error_code"] for call in calls} <= {"InvalidSignatureException", "SignatureDoesNotMatch"}
    assert world.sandbox.items() == items, "nothing was written"
