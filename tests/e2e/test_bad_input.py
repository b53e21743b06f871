# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong input: one clear sentence each, a non-zero exit, and nothing deleted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import PRODUCTION, STAGING, Run, Sandbox, play

# Nothing of these may be called when the input is wrong.
CHANGING = ("Delete", "Restore", "Modify", "Create", "Copy", "Stop", "Start")


@dataclass
class Case:
    """Variables that are wrong, and what the run has to say (pieces of text; all of them)."""

    variables: dict[str, Any]
    says: list[str]
    operation: bool = True  # an operation exists by then, so it is recorded as failed and people are told
    notified: bool = True


def instance(class_name: str) -> dict[str, Any]:
    return {"db_instance_class": class_name, "promotion_tier": 0}


CASES = {
    "missing_variable": Case({"aurora_restore_source_cluster_id": None}, ["aurora_restore_source_cluster_id"], False),
    "mistyped_value": Case(
        {"aurora_restore_lift_deletion_protection": "perhaps"}, ["aurora_restore_lift_deletion_protection"], False
    ),
    "mistyped_choice": Case({"aurora_restore_final_snapshot": "maybe"}, ["aurora_restore_final_snapshot"], False),
    "mistyped_name": Case(
        {"aurora_restore_target_cluser_id": "x"}, ["aurora_restore_target_cluser_id", "unknown"], False
    ),
    "unknown_source_region": Case(
        {"aurora_restore_source_region": "us-west-9"}, ["aurora_restore_source_region", "us-west-9"]
    ),
    "unknown_target_region": Case(
        {"aurora_restore_target_region": "moon-1"}, ["aurora_restore_target_region", "moon-1"], False
    ),
    "no_usable_snapshot": Case({"aurora_restore_snapshot_prefix": "nightly-"}, ["aurora_restore_snapshot", "nightly-"]),
    "snapshot_too_old": Case(
        {"aurora_restore_snapshot_max_age_hours": 0.01}, ["aurora_restore_snapshot_max_age_hours"]
    ),
    "pinned_snapshot_missing": Case(
        {"aurora_restore_snapshot_id": "shop-production-lost"}, ["aurora_restore_snapshot_id", "shop-production-lost"]
    ),
    "target_is_the_source": Case(
        {
            "aurora_restore_target_cluster_id": PRODUCTION,
            "aurora_restore_target_region": "us-east-1",
            "aurora_restore_confirm_delete": PRODUCTION,
        },
        ["source", PRODUCTION],
        # The topic, table and secrets of the sandbox are in the other region.
        operation=False,
    ),
    "unmarked_cluster": Case(
        {"aurora_restore_target_cluster_id": "legacy-reporting"},
        ["legacy-reporting", "aurora-restore:target", "aurora_restore_confirm_delete"],
    ),
    "everything_at_once": Case(
        {
            "aurora_restore_master_credentials_secret_id": "shop/staging/lost",
            "aurora_restore_app_credentials_secret_id": "bad/not-json",
            "aurora_restore_kms_key_id": "alias/disabled",
            "aurora_restore_db_subnet_group_name": "no-such-subnets",
            "aurora_restore_vpc_security_group_ids": ["sg-0123456789abcdef0"],
            "aurora_restore_db_cluster_parameter_group_name": "no-such-parameters",
            "aurora_restore_instances": [instance("db.z9.huge")],
            "aurora_restore_db_ca_cert": "/no/such/ca.pem",
        },
        [
            "shop/staging/lost",
            "bad/not-json",
            "alias/disabled",
            "no-such-subnets",
            "sg-0123456789abcdef0",
            "no-such-parameters",
            "db.z9.huge",
            "/no/such/ca.pem",
        ],
    ),
    "secrets_of_the_wrong_form": Case(
        {
            "aurora_restore_master_credentials_secret_id": "bad/password",
            "aurora_restore_app_credentials_secret_id": "bad/incomplete",
            "aurora_restore_db_ca_cert": __file__,
        },
        ["bad/password", "bad/incomplete", "readonly_password", __file__],
    ),
    "key_of_another_region": Case({"aurora_restore_kms_key_id": "{source_key}"}, ["aurora_restore_kms_key_id"]),
    "user_names_with_sql": Case(
        {"aurora_restore_app_credentials_secret_id": "bad/names"}, ["aurora_restore_app_credentials_secret_id"]
    ),
    "topic_missing": Case(
        {"aurora_restore_sns_topic_arn": "arn:aws:sns:us-west-2:123456789012:nobody"},
        ["aurora_restore_sns_topic_arn", "nobody"],
        notified=False,
    ),
    "old_state_table": Case(
        {"aurora_restore_state_table": "aurora-restore-old"},
        ["aurora_restore_state_table", "aurora-restore-old"],
        False,
    ),
    "no_state_table": Case({"aurora_restore_state_table": "nowhere"}, ["aurora_restore_state_table", "nowhere"], False),
    "wrong_credentials": Case(
        {"aurora_restore_aws": {"access_key": "AKIAWRONGWRONGWRONG0", "secret_key": "x" * 40, "endpoint_url": "{url}"}},
        ["aurora_restore_aws", "credentials"],
        False,
    ),
    "endpoint_unreachable": Case(
        {
            "aurora_restore_aws": {
                "access_key": "AKIAWRONGWRONGWRONG0",
                "secret_key": "x" * 40,
                "endpoint_url": "http://127.0.0.1:9",
            }
        },
        ["127.0.0.1:9"],
        False,
    ),
}

BEFORE_ANY_CALL = ("missing_variable", "mistyped_value", "mistyped_choice", "mistyped_name")


@pytest.fixture(scope="module")
def world(sandbox: Sandbox) -> Sandbox:
    """The demo's world with some bad secrets, and the production cluster as it is found in a hurry."""
    secrets = sandbox.client("secretsmanager")
    good = sandbox.secret("shop/staging/app")
    secrets.create_secret(Name="bad/not-json", SecretString="user=app")
    secrets.create_secret(
        Name="bad/password", SecretString=json.dumps({"username": "dbadmin", "password": "sh@rt/", "database": "shop"})
    )
    secrets.create_secret(
        Name="bad/incomplete", SecretString=json.dumps({k: v for k, v in good.items() if k != "readonly_password"})
    )
    secrets.create_secret(
        Name="bad/names",
        SecretString=json.dumps({**good, "app_username": "pg_monitor", "readonly_username": "a\u0000b"}),
    )
    return sandbox


def fill(value: Any, sandbox: Sandbox) -> Any:
    """Replaces {url} and {source_key} by what this sandbox has."""
    if isinstance(value, dict):
        return {key: fill(inner, sandbox) for key, inner in value.items()}
    if value == "{url}":
        return sandbox.info["endpoint_url"]
    if value == "{source_key}":
        return sandbox.info["world"]["kms_keys"]["us-east-1"]
    return value


def changing_calls(sandbox: Sandbox) -> list[str]:
    return [
        f"{call['number']} {call['action']}"
        for call in sandbox.calls()
        if call["service"] == "rds" and call["action"].startswith(CHANGING)
    ]


def failed_operations(sandbox: Sandbox) -> set[tuple[str, str]]:
    """Ids and attempts: a run that follows one that failed resumes its operation."""
    return {
        (item["operation_id"]["S"], item["attempt"]["N"])
        for item in sandbox.items()
        if item["step"]["S"] == "#operation" and item["status"]["S"] == "failed"
    }


def flat(run: Run) -> str:
    """What was printed, as one line without the escapes of JSON."""
    return " ".join(run.output.replace("\\n", " ").replace('\\"', '"').split())


@pytest.mark.parametrize("name", CASES)
def test_bad_input(name: str, world: Sandbox, tmp_path: Path) -> None:
    case = CASES[name]
    calls, failed = changing_calls(world), failed_operations(world)
    world.messages()
    seen = len(world.calls())
    run = play(world, tmp_path, **fill(case.variables, world))
    assert run.code != 0
    said = flat(run)
    for piece in case.says:
        assert piece in said, run.output[-5000:]
    assert "Traceback" not in said
    assert changing_calls(world) == calls, "nothing was changed"
    messages = world.messages()
    if case.operation:
        ((operation, _attempt),) = failed_operations(world) - failed
        report = run.report()
        assert report["operation_id"] == operation and report["status"] == "failed"
        assert report["error"]["step"] == "preflight" and report["error"]["message"]
        if case.notified:
            (message,) = messages
            assert message["MessageAttributes"]["status"]["Value"] == "failed"
            assert operation in message["Message"]
            assert "failed" in message["Subject"].lower()
    if name in BEFORE_ANY_CALL:
        by_the_run = [call["action"] for call in world.calls()[seen:] if "ansible" in call["user_agent"].lower()]
        assert not by_the_run, "refused before any AWS call"


def test_snapshot_that_is_still_being_made(world: Sandbox, tmp_path: Path) -> None:
    creating = world.info["world"]["creating_snapshot_id"]
    run = play(world, tmp_path, aurora_restore_snapshot_id=creating)
    assert run.code != 0 and creating in flat(run) and "creating" in flat(run)


def test_protected_target(world: Sandbox, tmp_path: Path) -> None:
    """Refused without permission, with everything left as it is; last, since it changes the world."""
    rds = world.client("rds")
    rds.modify_db_cluster(DBClusterIdentifier=STAGING, DeletionProtection=True, ApplyImmediately=True)
    calls = changing_calls(world)
    run = play(world, tmp_path)
    assert run.code != 0
    assert "aurora_restore_lift_deletion_protection" in flat(run) and STAGING in flat(run)
    assert changing_calls(world) == calls
    assert world.cluster(STAGING)["DeletionProtection"] is True
