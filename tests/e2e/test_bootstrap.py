# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account in which nothing is prepared: bootstrap makes what restores need, once, and takes it away again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import STEPS, operation_key
from harness import CHECKOUT, PRODUCTION, SOURCE_REGION, STAGING, TABLE, TARGET_REGION, Run, Sandbox, play
from restored import assert_logins, assert_snapshots_rows

PLAYBOOK = "playbooks/bootstrap.yml"
SHARED, OF_TARGET = "aurora-restore", f"aurora-restore-{STAGING}"
OF_SOURCE = f"aurora-restore-source-{PRODUCTION}"
SOMEBODY = {"protocol": "email", "endpoint": "ops@example.com"}
# Which production's key makes superfluous; everything is made once here.
EVERYTHING = [
    "table", "topic", "log_groups", "dashboard", "target_key", "source_key", "roles", "alarms", "secrets",
]  # fmt: skip


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path_factory.mktemp("empty") / "world", CHECKOUT / "tests/sandbox/scenarios/empty.yml")
    made.up()
    yield made
    made.down()


@pytest.fixture(scope="module")
def before(empty: Sandbox) -> dict[str, list[str]]:
    return there_is(empty)


# After the look at what is there before, whichever tests are picked.
@pytest.fixture(scope="module")
def home(before: dict[str, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def bootstrap(sandbox: Sandbox, home: Path, *arguments: str, **variables: Any) -> Run:
    given = {"make": EVERYTHING, "subscriptions": [SOMEBODY], **variables}
    named = {f"aurora_restore_bootstrap_{name}": value for name, value in given.items()}
    return play(sandbox, home, *arguments, playbook=PLAYBOOK, **named, aurora_restore_aws=installer(sandbox))


def installer(sandbox: Sandbox) -> dict[str, str]:
    """The connection of somebody who may bootstrap, and nothing else."""
    keys = sandbox.info["accounts"]["123456789012"]["users"]["installer"]
    return {"endpoint_url": sandbox.info["endpoint_url"], **{name: keys[name] for name in ("access_key", "secret_key")}}


def there_is(sandbox: Sandbox) -> dict[str, list[str]]:
    """Everything of the kinds that bootstrap makes, in both regions."""
    found: dict[str, list[str]] = {
        "roles": [item["RoleName"] for item in sandbox.client("iam").list_roles()["Roles"]],
        "policies": [item["PolicyName"] for item in sandbox.client("iam").list_policies(Scope="Local")["Policies"]],
    }
    for region in (SOURCE_REGION, TARGET_REGION):
        found |= {f"{kind} in {region}": sorted(names) for kind, names in _in(sandbox, region).items()}
    return {kind: sorted(names) for kind, names in found.items()}


def _in(sandbox: Sandbox, region: str) -> dict[str, list[str]]:
    kms, stacks = sandbox.client("kms", region), sandbox.client("cloudformation", region)
    keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
    return {
        "tables": sandbox.client("dynamodb", region).list_tables()["TableNames"],
        "topics": [item["TopicArn"] for item in sandbox.client("sns", region).list_topics()["Topics"]],
        "keys": [key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion"],
        "aliases": [alias["AliasName"] for alias in kms.list_aliases()["Aliases"]],
        "groups": [item["logGroupName"] for item in sandbox.client("logs", region).describe_log_groups()["logGroups"]],
        "alarms": [
            alarm["AlarmName"] for alarm in sandbox.client("cloudwatch", region).describe_alarms()["MetricAlarms"]
        ],
        "dashboards": [
            entry["DashboardName"]
            for entry in sandbox.client("cloudwatch", region).list_dashboards()["DashboardEntries"]
        ],
        "secrets": [item["Name"] for item in sandbox.client("secretsmanager", region).list_secrets()["SecretList"]],
        "stacks": [item["StackName"] for item in stacks.describe_stacks()["Stacks"]],
    }


def said(run: Run) -> str:
    """What it printed, in one line, without the quoting of JSON."""
    return " ".join(run.output.replace("\\n", " ").replace("\\", "").split())


def changed(run: Run) -> int:
    return sum(int(number) for number in re.findall(r"changed=(\d+)", run.output))


def test_bad_input_is_refused_in_a_sentence(empty: Sandbox, before: dict[str, list[str]], home: Path) -> None:
    topic, table = "arn:aws:sns:us-west-2:999999999999:ours", "arn:aws:dynamodb:us-west-2:999999999999:table/ours"
    bad: dict[str, tuple[dict[str, Any], str]] = {
        "retention": ({"bootstrap_log_retention_days": 10}, "aurora_restore_bootstrap_log_retention_days"),
        "unknown": ({"bootstrap_retension": 7}, "aurora_restore_bootstrap_retension: unknown variable"),
        "topic": ({"sns_topic_arn": topic}, "names a topic of account 999999999999"),
        "table": ({"state_table": table}, "a table of another account or region"),
        "overdue": ({"bootstrap_overdue_hours": 999}, "an alarm looks back between 1 and 168 hours"),
        "name": ({"target_cluster_id": "s" * 60}, "names of more than 64 characters"),
        "policy": ({"policies_kms_keys": []} | {"policies_members": [f"m{n}" * 12 for n in range(400)]}, "IAM takes"),
    }
    common = yaml.safe_load((CHECKOUT / "inventories/sandbox/hosts.yml").read_text())["all"]["hosts"][STAGING]
    hosts = {
        name: common | {f"aurora_restore_{key}": v for key, v in given.items()} for name, (given, _s) in bad.items()
    }
    inventory = home / "bad.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    run = play(empty, home, "-i", str(inventory), "--limit", ",".join(hosts), "--forks", "8", playbook=PLAYBOOK)
    assert run.code == 2
    for name, (_given, sentence) in bad.items():
        assert f"fatal: [{name}]" in run.output
        assert sentence in said(run), run.output
    assert there_is(empty) == before


def test_a_check_run_lists_it_and_makes_nothing(empty: Sandbox, before: dict[str, list[str]], home: Path) -> None:
    run = bootstrap(empty, home, "--check", "--diff")
    assert run.code == 0, run.output
    assert "+ AWS::DynamoDB::Table StateTable" in run.output
    assert "+ AWS::IAM::Role RoleRestore" in run.output
    assert changed(run) > 0
    assert there_is(empty) == before
    assert not list((home / "reports").glob("bootstrap*"))


def test_a_name_that_is_taken_stops_it_with_nothing_half_made(
    empty: Sandbox, before: dict[str, list[str]], home: Path
) -> None:
    foreign = empty.client("dynamodb").create_table(
        TableName=TABLE, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )  # fmt: skip
    run = bootstrap(empty, home)
    assert run.code == 2
    assert "The stack aurora-restore in us-west-2 could not be made." in said(run)
    assert "set aurora_restore_state_table to another name" in said(run)
    assert "Nothing was made before." in said(run)
    left = there_is(empty)
    assert left.pop(f"stacks in {TARGET_REGION}") == [SHARED]
    assert left.pop(f"tables in {TARGET_REGION}") == [TABLE]
    assert left.items() <= before.items()
    kept = empty.client("dynamodb").describe_table(TableName=TABLE)["Table"]
    assert kept["KeySchema"] == foreign["TableDescription"]["KeySchema"]
    empty.client("dynamodb").delete_table(TableName=TABLE)


def test_bootstrap_takes_that_up_and_makes_everything(empty: Sandbox, home: Path) -> None:
    run = bootstrap(empty, home)
    assert run.code == 0, run.output
    assert "nothing is sent to ops@example.com before the link in the message" in said(run)
    found = there_is(empty)
    assert found[f"stacks in {TARGET_REGION}"] == [SHARED, OF_TARGET]
    assert found[f"stacks in {SOURCE_REGION}"] == [OF_SOURCE]
    assert found[f"secrets in {TARGET_REGION}"] == ["shop/staging/app", "shop/staging/master"]
    variables = yaml.safe_load((home / "reports" / f"bootstrap-{STAGING}.yml").read_text())
    assert variables["aurora_restore_role_arn"].endswith(f":role/{OF_TARGET}-restore")
    assert variables["aurora_restore_kms_key_id"] == f"alias/{OF_TARGET}"
    assert variables["aurora_restore_cloudwatch"] is True
    master, users = empty.secret("shop/staging/master"), empty.secret("shop/staging/app")
    assert (master["username"], master["database"]) == ("dbadmin", "shop")
    assert {len(value) for value in (master["password"], users["app_password"], users["readonly_password"])} == {32}
    for password in (master["password"], users["app_password"], users["readonly_password"]):
        assert password not in run.output


def test_the_second_bootstrap_changes_nothing(empty: Sandbox, home: Path) -> None:
    found, secret = there_is(empty), empty.secret("shop/staging/master")
    made = yaml.safe_load((home / "reports" / f"bootstrap-{STAGING}.yml").read_text())
    named = {"aurora_restore_bootstrap_make": EVERYTHING, "aurora_restore_bootstrap_subscriptions": [SOMEBODY]}
    run = play(empty, home, playbook=PLAYBOOK, **named, **made, aurora_restore_aws=installer(empty))
    assert run.code == 0, run.output
    assert changed(run) == 0, run.output
    assert there_is(empty) == found
    assert empty.secret("shop/staging/master") == secret


def under(role: str, home: Path) -> dict[str, Any]:
    """What bootstrap has made, as the playbooks are given it, with another of its roles."""
    made: dict[str, Any] = yaml.safe_load((home / "reports" / f"bootstrap-{STAGING}.yml").read_text())
    return made | {"aurora_restore_role_arn": made["aurora_restore_role_arn"].removesuffix("restore") + role}


def callers(sandbox: Sandbox, since: int) -> set[str]:
    """Who made the calls, but for those that assume the role."""
    made = [call for call in sandbox.calls()[since:] if call["action"] != "AssumeRole" and not call.get("via")]
    return {call["principal"].split(":")[-1].rpartition("/")[0] for call in made}


@pytest.fixture(scope="module")
def restored(empty: Sandbox, home: Path) -> Run:
    """A restore of what there was nothing of, under the role for it."""
    since = len(empty.calls())
    run = play(empty, home, **under("restore", home))
    assert run.code == 0, run.output[-6000:]
    assert callers(empty, since) == {f"assumed-role/{OF_TARGET}-restore"}
    return run


def test_a_restore_in_what_was_made(empty: Sandbox, home: Path, restored: Run) -> None:
    """Finished, logged, measured; and under the alarms."""
    operation = restored.report()["operation_id"]
    assert_snapshots_rows(empty)
    assert_logins(empty)
    for step in STEPS:
        records = [json.loads(text) for text in empty.log_events(f"/aurora-restore/{step}", operation)]
        assert [record["status"] for record in records if record["event"] == "step"] == ["succeeded"]
    values = empty.metrics("AuroraRestore")
    assert values[f"OperationsStarted {STAGING}"] == values[f"OperationsSucceeded {STAGING}"] == 1
    for alarm in empty.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{OF_TARGET}-")["MetricAlarms"]:
        measured = {f"{alarm['MetricName']} {entry['Value']}" for entry in alarm["Dimensions"]}
        assert measured <= {*values, f"OperationsFailed {STAGING}"}, "an alarm on a metric that nobody sends"
    cluster = empty.cluster(STAGING)
    (alias,) = (
        item for item in empty.client("kms").list_aliases()["Aliases"] if item["AliasName"] == f"alias/{OF_TARGET}"
    )
    assert cluster["StorageEncrypted"] and cluster["KmsKeyId"].endswith(alias["TargetKeyId"])


@pytest.mark.parametrize(
    ("role", "playbook", "arguments", "variables"),
    [
        ("plan", "playbooks/restore.yml", ["--check"], {"aurora_restore_plan_only": True}),
        ("rotation", "playbooks/rotate_credentials.yml", [], {"aurora_restore_rotate_master": True}),
        ("cleanup", "playbooks/cleanup.yml", [], {"aurora_restore_cleanup_apply": True}),
    ],
    ids=["plan", "rotation", "cleanup"],
)
def test_the_other_roles_do_for_their_playbooks(
    empty: Sandbox, home: Path, restored: Run, role: str, playbook: str, arguments: list[str], variables: dict[str, Any]
) -> None:
    since = len(empty.calls())
    run = play(empty, home, *arguments, playbook=playbook, **under(role, home), **variables)
    assert run.code == 0, run.output[-6000:]
    assert callers(empty, since) == {f"assumed-role/{OF_TARGET}-{role}"}
    assert_logins(empty)


def test_absent_is_refused_while_somebody_may_go_on(empty: Sandbox, home: Path, restored: Run) -> None:
    """Also with an operation that has failed, which the next run would resume."""
    table = empty.client("dynamodb")
    operation_id = restored.report()["operation_id"]
    key = {"operation_id": {"S": operation_id}, "step": {"S": operation_key("")["step"]}}
    item = table.get_item(TableName=TABLE, Key=key)["Item"]
    table.put_item(TableName=TABLE, Item=item | {"status": {"S": "failed"}})
    found = there_is(empty)
    run = bootstrap(empty, home, state="absent", remove_used_keys=True)
    assert run.code == 2
    assert f"The operation {operation_id} of {STAGING} is unfinished" in said(run)
    assert there_is(empty) == found
    table.put_item(TableName=TABLE, Item=item)


def test_absent_leaves_keys_that_are_in_use(empty: Sandbox, home: Path, restored: Run) -> None:
    found = there_is(empty)
    run = bootstrap(empty, home, state="absent")
    assert run.code == 2
    assert "aurora_restore_bootstrap_remove_used_keys" in said(run) and STAGING in said(run)
    assert there_is(empty) == found


def test_absent_removes_all_of_it_and_nothing_else(empty: Sandbox, before: dict[str, list[str]], home: Path) -> None:
    foreign = empty.client("logs")
    foreign.create_log_group(logGroupName="/aurora-restore/somebody")
    run = bootstrap(empty, home, state="absent", remove_used_keys=True)
    assert run.code == 0, run.output
    left = there_is(empty)
    assert left.pop(f"groups in {TARGET_REGION}") == [*before[f"groups in {TARGET_REGION}"], "/aurora-restore/somebody"]
    assert left.items() <= before.items()
    assert not list((home / "reports").glob("bootstrap*"))
