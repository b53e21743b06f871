# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policies do not allow: other resources than the named ones, other purposes, and what was taken out of them.

Against the sandbox's AWS within this process, behind its gateway.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.policies import PURPOSES, policies
from botocore.exceptions import ClientError
from guarded import refused
from in_process import ACCOUNT, AWAY, HOME
from restoring import APP, MASTER, PRODUCTION, SETTINGS, STAGING, TABLE, TOPIC, Failed, Shop, shop
from sandbox.iam import catalogue
from sandbox.iam.evaluation import Policies, Principal, Request, evaluate
from sandbox.iam.policies import Document, read

RDS = f"arn:aws:rds:{HOME}:{ACCOUNT}"
OURS = [{"Key": "aurora-restore:operation-id", "Value": "01JZZZZZZZZZZZZZZZZZZZZZZZ"}]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Production and staging; somebody else's cluster, topic, secret, table and log group; snapshots of both kinds."""
    with shop(tmp_path_factory.mktemp("shop")) as made:
        made.production()
        made.staging()
        made.cluster("legacy-reporting")
        made.cluster(f"{STAGING}-second", members=0, Tags=[{"Key": "aurora-restore:target", "Value": "true"}])
        made.snapshot(STAGING, f"{PRODUCTION}-by-hand")
        made.snapshot(STAGING, f"{STAGING}-final-ours", Tags=OURS)
        made.snapshot("legacy-reporting", "legacy-reporting-ours", Tags=OURS)
        made.client("sns").create_topic(Name="payments")
        made.client("secretsmanager").create_secret(Name="payments/master", SecretString="{}")
        made.client("secretsmanager").create_secret(Name=f"{MASTER}-of-another", SecretString="{}")
        made.client("dynamodb").create_table(
            TableName="payments", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )  # fmt: skip
        made.log_groups()
        made.client("logs").create_log_group(logGroupName="/payments")
        for purpose in PURPOSES:
            parts = policies(SETTINGS, [purpose]).values()
            made.users[purpose] = made.user(purpose, *(item for part in parts for item in part["Statement"]))
        yield made


METRIC = [{"MetricName": "DowntimeSeconds", "Value": 1.0}]
EVENT = [{"timestamp": 1, "message": "x"}]
# Purpose, service, region, call, parameters.
OUTSIDE: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("restore", "rds", AWAY, "delete_db_cluster", {"DBClusterIdentifier": PRODUCTION, "SkipFinalSnapshot": True}),
    ("restore", "rds", AWAY, "modify_db_cluster", {"DBClusterIdentifier": PRODUCTION, "DeletionProtection": False}),
    ("restore", "rds", AWAY, "delete_db_cluster_snapshot",
     {"DBClusterSnapshotIdentifier": f"{PRODUCTION}-nightly"}),
    ("restore", "rds", AWAY, "delete_db_instance", {"DBInstanceIdentifier": f"{PRODUCTION}-1"}),
    ("restore", "rds", HOME, "delete_db_cluster",
     {"DBClusterIdentifier": "legacy-reporting", "SkipFinalSnapshot": True}),
    ("restore", "rds", HOME, "delete_db_instance", {"DBInstanceIdentifier": "legacy-reporting-1"}),
    ("restore", "rds", HOME, "delete_db_cluster",
     {"DBClusterIdentifier": f"{STAGING}-second", "SkipFinalSnapshot": True}),
    ("restore", "rds", HOME, "modify_db_cluster",
     {"DBClusterIdentifier": STAGING, "NewDBClusterIdentifier": "legacy", "ApplyImmediately": True}),
    ("restore", "rds", HOME, "delete_db_cluster_snapshot", {"DBClusterSnapshotIdentifier": f"{PRODUCTION}-by-hand"}),
    ("restore", "rds", HOME, "delete_db_cluster_snapshot", {"DBClusterSnapshotIdentifier": "legacy-reporting-ours"}),
    ("restore", "rds", HOME, "restore_db_cluster_from_snapshot",
     {"DBClusterIdentifier": "copy-of-production", "SnapshotIdentifier": f"{PRODUCTION}-by-hand",
      "Engine": "aurora-postgresql"}),
    ("restore", "rds", HOME, "add_tags_to_resource",
     {"ResourceName": f"{RDS}:cluster:legacy-reporting", "Tags": [{"Key": "aurora-restore:target", "Value": "true"}]}),
    ("restore", "rds", HOME, "remove_tags_from_resource",
     {"ResourceName": f"{RDS}:cluster:{STAGING}", "TagKeys": ["aurora-restore:target"]}),
    ("restore", "rds", HOME, "modify_db_cluster_snapshot_attribute",
     {"DBClusterSnapshotIdentifier": f"{STAGING}-final-ours", "AttributeName": "restore", "ValuesToAdd": ["all"]}),
    ("restore", "secretsmanager", HOME, "get_secret_value", {"SecretId": "payments/master"}),
    ("restore", "secretsmanager", HOME, "get_secret_value", {"SecretId": f"{MASTER}-of-another"}),
    ("restore", "secretsmanager", HOME, "put_secret_value", {"SecretId": MASTER, "SecretString": "{}"}),
    ("restore", "sns", HOME, "publish", {"TopicArn": f"arn:aws:sns:{HOME}:{ACCOUNT}:payments", "Message": "x"}),
    ("restore", "dynamodb", HOME, "get_item", {"TableName": "payments", "Key": {"id": {"S": "1"}}}),
    ("restore", "dynamodb", HOME, "delete_item",
     {"TableName": TABLE, "Key": {"operation_id": {"S": "1"}, "step": {"S": "1"}}}),
    ("restore", "logs", HOME, "create_log_stream", {"logGroupName": "/payments", "logStreamName": "x"}),
    ("restore", "logs", HOME, "put_log_events",
     {"logGroupName": "/payments", "logStreamName": "x", "logEvents": EVENT}),
    ("restore", "logs", HOME, "delete_log_group", {"logGroupName": "/aurora-restore/preflight"}),
    ("restore", "cloudwatch", HOME, "put_metric_data", {"Namespace": "Payments", "MetricData": METRIC}),
    ("restore", "kms", HOME, "schedule_key_deletion", {"KeyId": "key"}),
    ("restore", "kms", HOME, "decrypt", {"CiphertextBlob": b"x", "KeyId": "key"}),
    ("restore", "iam", HOME, "attach_user_policy",
     {"UserName": "restore", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("cleanup", "rds", HOME, "delete_db_cluster_snapshot", {"DBClusterSnapshotIdentifier": f"{PRODUCTION}-by-hand"}),
    ("cleanup", "rds", HOME, "delete_db_cluster_snapshot", {"DBClusterSnapshotIdentifier": "legacy-reporting-ours"}),
    ("cleanup", "rds", HOME, "delete_db_cluster", {"DBClusterIdentifier": STAGING, "SkipFinalSnapshot": True}),
    ("cleanup", "secretsmanager", HOME, "get_secret_value", {"SecretId": MASTER}),
    ("rotation", "rds", HOME, "modify_db_cluster",
     {"DBClusterIdentifier": "legacy-reporting", "MasterUserPassword": "correct-horse-battery"}),
    ("rotation", "rds", HOME, "delete_db_cluster", {"DBClusterIdentifier": STAGING, "SkipFinalSnapshot": True}),
    ("rotation", "secretsmanager", HOME, "put_secret_value", {"SecretId": "payments/master", "SecretString": "{}"}),
    ("rotation", "secretsmanager", HOME, "delete_secret", {"SecretId": APP}),
    ("bootstrap", "secretsmanager", HOME, "get_secret_value", {"SecretId": "payments/master"}),
    ("bootstrap", "iam", HOME, "attach_role_policy",
     {"RoleName": f"aurora-restore-{STAGING}-restore", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("bootstrap", "iam", HOME, "create_role", {"RoleName": "another", "AssumeRolePolicyDocument": "{}"}),
    ("bootstrap", "kms", HOME, "schedule_key_deletion", {"KeyId": "key"}),
    ("bootstrap", "dynamodb", HOME, "delete_table", {"TableName": "payments"}),
    ("bootstrap", "sns", HOME, "delete_topic", {"TopicArn": f"arn:aws:sns:{HOME}:{ACCOUNT}:payments"}),
    ("bootstrap", "rds", HOME, "delete_db_cluster", {"DBClusterIdentifier": STAGING, "SkipFinalSnapshot": True}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("purpose", "service", "region", "call", "parameters"), OUTSIDE,
    ids=[f"{row[0]}-{row[3]}-{number}" for number, row in enumerate(OUTSIDE)],
)  # fmt: skip
def test_outside_its_scope_a_call_is_denied(
    world: Shop, purpose: str, service: str, region: str, call: str, parameters: dict[str, Any]
) -> None:
    given = {name: world.kms_key if value == "key" else value for name, value in parameters.items()}
    client = world.as_user(world.users[purpose], service, region)
    with pytest.raises(ClientError) as caught:
        getattr(client, call)(**given)
    error = caught.value.response["Error"]
    assert error["Code"] in ("AccessDenied", "AccessDeniedException", "AuthorizationError"), error
    assert "is not authorized to perform: " in error["Message"]


# The same with the right resource: refused for another reason, or done.
INSIDE: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("restore", "rds", "delete_db_cluster", {"DBClusterIdentifier": STAGING, "SkipFinalSnapshot": True},
     "InvalidDBClusterStateFault"),
    ("restore", "sns", "publish", {"TopicArn": TOPIC, "Message": "x"}, ""),
    ("restore", "secretsmanager", "get_secret_value", {"SecretId": APP}, ""),
    ("restore", "logs", "create_log_stream", {"logGroupName": "/aurora-restore/preflight", "logStreamName": "x"}, ""),
    ("restore", "cloudwatch", "put_metric_data", {"Namespace": "AuroraRestore", "MetricData": METRIC}, ""),
    ("cleanup", "rds", "delete_db_cluster_snapshot", {"DBClusterSnapshotIdentifier": f"{STAGING}-final-ours"}, ""),
    ("rotation", "rds", "modify_db_cluster",
     {"DBClusterIdentifier": STAGING, "MasterUserPassword": "correct-horse-battery"}, ""),
    ("rotation", "secretsmanager", "get_random_password", {}, ""),
    ("bootstrap", "secretsmanager", "describe_secret", {"SecretId": MASTER}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("purpose", "service", "call", "parameters", "code"), INSIDE)
def test_within_its_scope_it_is_not(
    world: Shop, purpose: str, service: str, call: str, parameters: dict[str, Any], code: str
) -> None:
    method = getattr(world.as_user(world.users[purpose], service), call)
    if code:
        with refused(code):
            method(**parameters)
    else:
        method(**parameters)


READING: list[tuple[str, str, dict[str, Any]]] = [
    ("plan", "snapshot_info", {"region": AWAY, "cluster_id": PRODUCTION}),
    ("plan", "operation_info", {"table": TABLE, "target": {"region": HOME, "cluster_id": STAGING}, "resources": True}),
    ("cleanup", "cleanup", {
        "table": TABLE, "target_cluster_id": STAGING, "source_region": AWAY, "source_cluster_id": PRODUCTION,
        "_ansible_check_mode": True,
    }),
    ("rotation", "operation_info", {"table": TABLE, "target": {"region": HOME, "cluster_id": STAGING}}),
    ("rotation", "cluster_info", {"cluster_id": STAGING}),
    ("rotation", "secret_info", {"secret_id": MASTER}),
    ("bootstrap", "operation_info", {"table": TABLE, "target": {"region": HOME, "cluster_id": STAGING}}),
    ("bootstrap", "secret", {"secret_id": MASTER, "state": "present", "content": {"username": "dbadmin"}}),
]  # fmt: skip


@pytest.mark.parametrize(("purpose", "module", "options"), READING)
def test_modules_work_with_the_policy_of_their_purpose(
    world: Shop, purpose: str, module: str, options: dict[str, Any]
) -> None:
    world.keys = world.users[purpose]
    world.module(module, **options)


def test_without_its_tag_the_target_is_safe(world: Shop) -> None:
    arn = world.see(STAGING)["DBClusterArn"]
    world.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["aurora-restore:target"])
    try:
        with refused("AccessDenied", f"rds:DeleteDBCluster on resource: {arn}", 403):
            world.as_user(world.users["restore"], "rds").delete_db_cluster(
                DBClusterIdentifier=STAGING, SkipFinalSnapshot=True
            )
    finally:
        world.rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "aurora-restore:target", "Value": "true"}])


# ---- a plan changes nothing

FIVE = ("rds", "dynamodb", "secretsmanager", "sns", "kms")
READS = ("describe", "get", "list", "query", "scan", "batchget")


def changing_actions() -> list[str]:
    return [
        f"{service}:{action}"
        for service in (*FIVE, "iam", "logs", "cloudwatch", "cloudformation")
        for action in catalogue._actions()[service]
        if not action.startswith(READS)
    ]


def test_a_plan_can_change_nothing_at_all() -> None:
    """Whatever the resource: no action that is not a read is in the policy, by name or by wildcard."""
    document = read(policies(SETTINGS, ["plan"])["plan"])
    asked = changing_actions()
    assert len(asked) > 400
    assert not [action for action in asked if may(document, action)]
    restoring = read({"Version": "2012-10-17", "Statement": STATEMENTS})
    assert len([action for action in asked if may(restoring, action)]) > 10, "it would be seen"


STATEMENTS = [item for part in policies(SETTINGS, ["restore"]).values() for item in part["Statement"]]


def may(document: Document, action: str) -> bool:
    resources = {item for statement in document.statements for item in statement.resources or ()}
    principal = Principal(f"arn:aws:iam::{ACCOUNT}:user/planner", ACCOUNT)
    context = {"aws:requestedregion": (HOME,)}
    return any(
        evaluate(Policies((document,)), Request(principal, action, resource.replace("*", "x"), context)).allowed
        for resource in resources
    )


# ---- three actions taken out, and what the modules say then

TAKEN = {
    "rds:CopyDBClusterSnapshot": (
        "snapshot_copy",
        f"arn:aws:rds:{AWAY}:{ACCOUNT}:cluster-snapshot:{PRODUCTION}-nightly",
    ),
    "secretsmanager:GetSecretValue": ("secret_info", MASTER),
    "kms:CreateGrant": ("snapshot_copy", "arn:aws:kms:"),
    "dynamodb:GetItem": ("operation_info", f"table/{TABLE}"),
}


@pytest.mark.parametrize("action", TAKEN)
def test_the_error_of_a_missing_permission_names_action_and_resource(world: Shop, action: str) -> None:
    module, resource = TAKEN[action]
    left = [
        {**item, "Action": kept}
        for item in world.statements
        if (kept := [name for name in listed(item["Action"]) if name != action])
    ]
    world.keys = world.user(f"without-{action.partition(':')[2]}", *left)
    source = world.client("rds", AWAY).describe_db_cluster_snapshots()["DBClusterSnapshots"][0]
    options: dict[str, dict[str, Any]] = {
        "snapshot_copy": {
            "source_snapshot": {"db_cluster_snapshot_arn": source["DBClusterSnapshotArn"],
                                "db_cluster_snapshot_identifier": f"{PRODUCTION}-nightly"},
            "source_region": AWAY, "kms_key_id": world.kms_key,
        },
        "secret_info": {"secret_id": MASTER},
        "operation_info": {"table": TABLE, "target": {"region": HOME, "cluster_id": STAGING}},
    }  # fmt: skip
    with pytest.raises(Failed) as caught:
        world.module(module, **options[module])
    assert resource in str(caught.value)
    assert action in str(caught.value)


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_what_a_plan_may_not_see_is_told_with_action_and_resource(world: Shop) -> None:
    """A topic, for one: preflight says what it could not look at."""
    world.keys = world.user("without-topic", *(item for item in world.statements if item["Sid"] != "Notify"))
    plan = world.module(
        "restore_plan", source={"region": AWAY, "cluster_id": PRODUCTION}, kms_key_id=world.kms_key,
        target={"region": HOME, "cluster_id": STAGING}, master_secret_id=MASTER, app_secret_id=APP, fail=False,
        sns_topic_arn=TOPIC, state_table=TABLE, db_ca_cert=str(world.ca_cert), check_database=False,
        databases=["shop"], _ansible_check_mode=True,
    )  # fmt: skip
    (topic,) = [item for item in plan["checks"] if item["name"] == "topic"]
    assert topic["status"] == "unknown"
    assert "SNS:GetTopicAttributes" in topic["message"]
    assert TOPIC in topic["message"]
