# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls need: actions, resources, condition keys.

Resources are those of the service authorization reference (https://docs.aws.amazon.com/service-authorization/),
unless a test says otherwise.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.policies import policies
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.settings import Settings
from in_process import ACCOUNT, AWAY, HOME, Aws
from sandbox.gateway.wire import Call
from sandbox.iam import catalogue, needs
from sandbox.iam.needs.need import Need

CHECKOUT = Path(__file__).resolve().parents[3]
POLICY = CHECKOUT / "tests" / "sandbox" / "scenarios" / "runner-policy.json"
RDS = f"arn:aws:rds:{HOME}:{ACCOUNT}"


def of(service: str, action: str, region: str = HOME, **parameters: Any) -> list[Need]:
    return needs.of(Call(service, region, action, "AKIA", "json", parameters), ACCOUNT)


def pairs(found: list[Need]) -> set[tuple[str, str]]:
    return {(need.action, need.resource) for need in found}


def rds(action: str, **parameters: Any) -> set[tuple[str, str]]:
    """With resources shortened to what follows the account."""
    return {
        (name.removeprefix("rds:"), item.removeprefix(f"{RDS}:"))
        for name, item in pairs(of("rds", action, **parameters))
    }


TAGS = [{"Key": "Owner", "Value": "Jane"}]


@pytest.mark.parametrize(
    ("action", "parameters", "expected"),
    [
        ("DescribeDBClusters", {}, {"cluster:*"}),
        ("DescribeDBClusters", {"DBClusterIdentifier": "shop"}, {"cluster:shop"}),
        ("DescribeDBClusters", {"DBClusterIdentifier": f"{RDS}:cluster:shop"}, {"cluster:shop"}),
        # Seen with a filter: https://github.com/awslabs/pireporter/issues/8
        ("DescribeDBInstances", {"Filters": [{"Name": "db-cluster-id", "Values": ["shop"]}]}, {"db:*"}),
        ("DescribeDBClusterSnapshots", {}, {"cluster-snapshot:*"}),
        ("DescribeDBClusterSnapshots", {"DBClusterIdentifier": "shop"}, {"cluster:shop", "cluster-snapshot:*"}),
        ("DescribeDBClusterSnapshots", {"DBClusterSnapshotIdentifier": "rds:x"}, {"cluster-snapshot:rds:x"}),
        ("DescribeDBSubnetGroups", {"DBSubnetGroupName": "shop"}, {"subgrp:shop"}),
        ("DescribeDBClusterParameterGroups", {"DBClusterParameterGroupName": "shop"}, {"cluster-pg:shop"}),
        ("DescribeDBParameterGroups", {"DBParameterGroupName": "shop"}, {"pg:shop"}),
        ("DescribeDBClusterEndpoints", {"DBClusterIdentifier": "shop"}, {"cluster:shop"}),
        ("DescribeDBEngineVersions", {"Engine": "aurora-postgresql"}, {"*"}),
        ("DescribeOrderableDBInstanceOptions", {"Engine": "aurora-postgresql"}, {"*"}),
        ("DescribeAccountAttributes", {}, {"*"}),
        ("DescribeEvents", {"SourceIdentifier": "shop", "SourceType": "db-cluster"}, {"*"}),
        ("StartDBCluster", {"DBClusterIdentifier": "shop"}, {"cluster:shop"}),
        ("DeleteDBInstance", {"DBInstanceIdentifier": "shop-1", "SkipFinalSnapshot": "true"}, {"db:shop-1"}),
        ("DeleteDBCluster", {"DBClusterIdentifier": "shop", "SkipFinalSnapshot": "true"}, {"cluster:shop"}),
        ("DeleteDBClusterSnapshot", {"DBClusterSnapshotIdentifier": "old"}, {"cluster-snapshot:old"}),
        ("ModifyDBCluster", {"DBClusterIdentifier": "shop"}, {"cluster:shop"}),
        # Both names of a rename.
        (
            "ModifyDBCluster",
            {"DBClusterIdentifier": "shop", "NewDBClusterIdentifier": "old", "DBClusterParameterGroupName": "pg"},
            {"cluster:shop", "cluster:old", "cluster-pg:pg"},
        ),
        (
            "CreateDBClusterSnapshot",
            {"DBClusterIdentifier": "shop", "DBClusterSnapshotIdentifier": "final"},
            {"cluster:shop", "cluster-snapshot:final"},
        ),
        ("AddTagsToResource", {"ResourceName": f"{RDS}:cluster:shop", "Tags": TAGS}, {"cluster:shop"}),
        (
            "CopyDBClusterSnapshot",
            {"SourceDBClusterSnapshotIdentifier": "a", "TargetDBClusterSnapshotIdentifier": "b"},
            {"cluster-snapshot:a", "cluster-snapshot:b"},
        ),
        (
            "RestoreDBClusterFromSnapshot",
            {
                "DBClusterIdentifier": "shop", "SnapshotIdentifier": f"{RDS}:cluster-snapshot:copy",
                "EngineVersion": "17.5", "DBSubnetGroupName": "staging", "DBClusterParameterGroupName": "staging",
            },
            {
                "cluster:shop", "cluster-snapshot:copy", "subgrp:staging", "cluster-pg:staging",
                "og:default:aurora-postgresql-17",
            },
        ),
        # Groups that are left out are the default ones.
        (
            "RestoreDBClusterFromSnapshot",
            {"DBClusterIdentifier": "shop", "SnapshotIdentifier": "copy", "EngineVersion": "17.5"},
            {
                "cluster:shop", "cluster-snapshot:copy", "subgrp:default", "cluster-pg:default.aurora-postgresql17",
                "og:default:aurora-postgresql-17",
            },
        ),
        (
            "CreateDBInstance",
            {
                "DBInstanceIdentifier": "shop-1", "DBClusterIdentifier": "shop", "DBParameterGroupName": "mine",
                "EngineVersion": "17.5",
            },
            {"db:shop-1", "cluster:shop", "pg:mine", "og:default:aurora-postgresql-17"},
        ),
    ],
)  # fmt: skip
def test_rds_resources(action: str, parameters: dict[str, Any], expected: set[str]) -> None:
    assert rds(action, **parameters) == {(action, item) for item in expected}


@pytest.mark.parametrize(
    ("action", "parameters", "tagged"),
    [
        ("CopyDBClusterSnapshot",
         {"SourceDBClusterSnapshotIdentifier": "a", "TargetDBClusterSnapshotIdentifier": "b"}, "cluster-snapshot:b"),
        ("CreateDBClusterSnapshot", {"DBClusterIdentifier": "shop", "DBClusterSnapshotIdentifier": "b"},
         "cluster-snapshot:b"),
        ("RestoreDBClusterFromSnapshot", {"DBClusterIdentifier": "shop", "SnapshotIdentifier": "b"}, "cluster:shop"),
        ("CreateDBInstance", {"DBInstanceIdentifier": "shop-1", "DBClusterIdentifier": "shop"}, "db:shop-1"),
        ("CreateDBCluster", {"DBClusterIdentifier": "shop"}, "cluster:shop"),
    ],
)  # fmt: skip
def test_tags_of_what_is_made_need_to_be_allowed_on_it(action: str, parameters: dict[str, Any], tagged: str) -> None:
    assert ("AddTagsToResource", tagged) not in rds(action, **parameters)
    assert ("AddTagsToResource", tagged) in rds(action, Tags=TAGS, **parameters)


def test_rds_condition_keys() -> None:
    found = of("rds", "CreateDBInstance", DBInstanceIdentifier="a", DBInstanceClass="db.r6g.large", Tags=TAGS,
               Engine="aurora-postgresql", DBClusterIdentifier="shop")  # fmt: skip
    for need in found:
        assert need.context["rds:databaseclass"] == ("db.r6g.large",)
        assert need.context["rds:databaseengine"] == ("aurora-postgresql",)
        assert need.context["aws:requesttag/owner"] == need.context["rds:req-tag/owner"] == ("Jane",)
        assert need.context["aws:tagkeys"] == ("Owner",)


def test_an_existing_instance_has_a_class_and_an_engine(aws: Aws) -> None:
    aws.cluster("shop")
    (need,) = of("rds", "DeleteDBInstance", DBInstanceIdentifier="shop-1")
    assert need.context["rds:databaseclass"] == ("db.r6g.large",)
    assert need.context["rds:databaseengine"] == ("aurora-postgresql",)


@pytest.mark.parametrize("copies_tags", [False, True])
def test_a_final_snapshot_at_the_deletion_is_a_snapshot_of_the_callers(aws: Aws, copies_tags: bool) -> None:
    """AWS's notice of 2025: https://github.com/convox/convox/pull/856"""
    aws.cluster("shop", CopyTagsToSnapshot=copies_tags)
    found = rds("DeleteDBCluster", DBClusterIdentifier="shop", FinalDBSnapshotIdentifier="last")
    assert ("DeleteDBCluster", "cluster-snapshot:last") in found
    assert {("CreateDBClusterSnapshot", "cluster:shop"), ("CreateDBClusterSnapshot", "cluster-snapshot:last")} <= found
    assert (("AddTagsToResource", "cluster-snapshot:last") in found) is copies_tags


def test_roles_are_passed_to_the_service_that_assumes_them() -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/monitoring"
    found = of("rds", "CreateDBInstance", DBInstanceIdentifier="a", DBClusterIdentifier="shop", MonitoringRoleArn=role)
    (passed,) = [need for need in found if need.action == "iam:PassRole"]
    assert (passed.resource, passed.context["iam:passedtoservice"]) == (role, ("monitoring.rds.amazonaws.com",))
    found = of("rds", "AddRoleToDBCluster", DBClusterIdentifier="shop", RoleArn=role)
    (passed,) = [need for need in found if need.action == "iam:PassRole"]
    assert (passed.resource, passed.context["iam:passedtoservice"]) == (role, ("rds.amazonaws.com",))


def key_needs(found: list[Need]) -> list[tuple[str, str, str, str | None]]:
    return [(need.action, need.resource, need.key, need.region) for need in found if need.action.startswith("kms:")]


def test_a_copy_uses_both_keys_in_the_callers_name(aws: Aws) -> None:
    """Aurora User Guide, "Encrypting Amazon Aurora resources": CreateGrant and DescribeKey."""
    snapshot, key = aws.away(), aws.key()
    url = f"https://rds.{AWAY}.amazonaws.com/?X-Amz-Credential=AKIA%2F20261123%2F{AWAY}%2Frds%2Faws4_request"
    found = of(
        "rds", "CopyDBClusterSnapshot", SourceDBClusterSnapshotIdentifier=snapshot["DBClusterSnapshotArn"],
        TargetDBClusterSnapshotIdentifier="copy", KmsKeyId=key, PreSignedUrl=url,
    )  # fmt: skip
    source, target = "The source snapshot KMS key", "The target KMS key"
    assert key_needs(found) == [
        ("kms:DescribeKey", snapshot["KmsKeyId"], source, AWAY),
        ("kms:CreateGrant", snapshot["KmsKeyId"], source, AWAY),
        ("kms:DescribeKey", key, target, HOME),
        ("kms:CreateGrant", key, target, HOME),
    ]
    granting = found[-1].context
    assert granting["kms:viaservice"] == (f"rds.{HOME}.amazonaws.com",)
    assert granting["kms:grantisforawsresource"] == ("true",)
    assert granting["kms:calleraccount"] == (ACCOUNT,)
    # The presigned URL is the same call in the source's region.
    there = [need for need in found if need.action == "rds:CopyDBClusterSnapshot" and need.region == AWAY]
    assert [need.resource for need in there] == [snapshot["DBClusterSnapshotArn"]]


def test_a_restore_uses_the_snapshots_key_and_the_wanted_one(aws: Aws) -> None:
    snapshot, key = aws.away(), aws.key(AWAY)
    found = of("rds", "RestoreDBClusterFromSnapshot", AWAY, DBClusterIdentifier="new", SnapshotIdentifier="nightly",
               KmsKeyId=key)  # fmt: skip
    assert [item[1] for item in key_needs(found)] == [snapshot["KmsKeyId"]] * 2 + [key] * 2


def test_keys_of_awss_own_need_no_permission(aws: Aws) -> None:
    aws.client("kms").describe_key(KeyId="alias/aws/rds")
    assert key_needs(of("rds", "CreateDBCluster", DBClusterIdentifier="a", KmsKeyId="alias/aws/rds")) == []


def test_kms_names_of_a_key(aws: Aws) -> None:
    key, kms = aws.key(), aws.client("kms")
    kms.create_alias(AliasName="alias/needs", TargetKeyId=key)
    for name in (key, key.rpartition("/")[2], "alias/needs", f"arn:aws:kms:{HOME}:{ACCOUNT}:alias/needs"):
        (need,) = of("kms", "DescribeKey", KeyId=name)
        assert (need.action, need.resource) == ("kms:DescribeKey", key)
    (need,) = of("kms", "CreateGrant", KeyId=key, GranteePrincipal="x", Operations=["Decrypt"])
    assert need.context["kms:grantoperations"] == ("Decrypt",)
    assert need.context["kms:grantisforawsresource"] == ("false",)
    (need,) = of("kms", "DescribeKey", KeyId="alias/none")
    assert need.resource == f"arn:aws:kms:{HOME}:{ACCOUNT}:alias/none"


def test_a_ciphertext_names_its_key(aws: Aws) -> None:
    from base64 import b64encode

    key = aws.key()
    ciphertext = aws.client("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    (need,) = of("kms", "Decrypt", CiphertextBlob=b64encode(ciphertext).decode())
    assert need.resource == key


def test_secrets(aws: Aws) -> None:
    arn = aws.client("secretsmanager").create_secret(Name="shop/master", SecretString="{}")["ARN"]
    for name in ("shop/master", arn):
        (need,) = of("secretsmanager", "GetSecretValue", SecretId=name)
        assert (need.resource, need.context["secretsmanager:secretid"]) == (arn, (name,))
    # One that does not exist can't be told from one that may not be read.
    (need,) = of("secretsmanager", "GetSecretValue", SecretId="shop/none")
    assert need.resource == "shop/none"


def test_a_secret_under_a_key_of_the_customers_needs_it(aws: Aws) -> None:
    key = aws.key()
    aws.client("secretsmanager").create_secret(Name="sealed", SecretString="{}", KmsKeyId=key)
    _read, decrypt = of("secretsmanager", "GetSecretValue", SecretId="sealed")
    assert (decrypt.action, decrypt.resource) == ("kms:Decrypt", key)
    assert decrypt.context["kms:viaservice"] == (f"secretsmanager.{HOME}.amazonaws.com",)
    assert len(of("secretsmanager", "DescribeSecret", SecretId="sealed")) == 1
    for call, given in (("PutSecretValue", {"SecretId": "sealed"}), ("CreateSecret", {"Name": "new", "KmsKeyId": key})):
        needs = of("secretsmanager", call, SecretString="{}", **given)
        assert [need.action for need in needs] == [f"secretsmanager:{call}", "kms:GenerateDataKey", "kms:Decrypt"]
        assert {need.resource for need in needs[1:]} == {key}


def test_a_secret_with_tags_is_tagged(aws: Aws) -> None:
    tags = [{"Key": "team", "Value": "shop"}]
    create, tag = of("secretsmanager", "CreateSecret", Name="shop/new", SecretString="{}", Tags=tags)
    assert (create.action, tag.action) == ("secretsmanager:CreateSecret", "secretsmanager:TagResource")
    assert tag.resource == create.resource and tag.context["aws:requesttag/team"] == ("shop",)
    assert len(of("secretsmanager", "CreateSecret", Name="shop/new", SecretString="{}")) == 1


def test_dynamodb(aws: Aws) -> None:
    aws.client("dynamodb").create_table(
        TableName="state", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    table = f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/state"
    assert pairs(of("dynamodb", "DescribeTable", TableName="state")) == {("dynamodb:DescribeTable", table)}
    (get,) = of("dynamodb", "GetItem", TableName="state", Key={"id": {"S": "a"}})
    assert (get.resource, get.context["dynamodb:leadingkeys"]) == (table, ("a",))
    (query,) = of(
        "dynamodb", "Query", TableName="state", KeyConditionExpression="#k = :v AND begins_with(step, :s)",
        ExpressionAttributeNames={"#k": "id"}, ExpressionAttributeValues={":v": {"S": "b"}, ":s": {"S": "x"}},
    )  # fmt: skip
    assert query.context["dynamodb:leadingkeys"] == ("b",)
    (index,) = of("dynamodb", "Query", TableName="state", IndexName="by_target")
    assert index.resource == f"{table}/index/by_target"
    transaction = of(
        "dynamodb", "TransactWriteItems",
        TransactItems=[{"Put": {"TableName": "state", "Item": {"id": {"S": "c"}}}}, {"Update": {"TableName": "state"}},
                       {"ConditionCheck": {"TableName": "other"}}],
    )  # fmt: skip
    assert [(need.action, need.resource) for need in transaction] == [
        ("dynamodb:PutItem", table),
        ("dynamodb:UpdateItem", table),
        ("dynamodb:ConditionCheckItem", f"arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/other"),
    ]
    assert transaction[0].context["dynamodb:leadingkeys"] == ("c",)


TOPIC = f"arn:aws:sns:{HOME}:{ACCOUNT}:news"
STREAM = f"arn:aws:logs:{HOME}:{ACCOUNT}:log-group:/restores:log-stream"


@pytest.mark.parametrize(
    ("service", "action", "parameters", "expected"),
    [
        ("sns", "Publish", {"TopicArn": TOPIC}, ("SNS:Publish", TOPIC)),
        ("sns", "GetTopicAttributes", {"TopicArn": TOPIC}, ("SNS:GetTopicAttributes", TOPIC)),
        ("sns", "CreateTopic", {"Name": "news"}, ("SNS:CreateTopic", TOPIC)),
        ("sns", "ListTopics", {}, ("SNS:ListTopics", "*")),
        # As messages say it: https://github.com/aws/serverless-application-model/issues/3633
        ("sqs", "SendMessageBatch", {"QueueUrl": f"http://localhost:1/{ACCOUNT}/inbox"},
         ("sqs:sendmessage", f"arn:aws:sqs:{HOME}:{ACCOUNT}:inbox")),
        ("logs", "PutLogEvents", {"logGroupName": "/restores", "logStreamName": "a"},
         ("logs:PutLogEvents", f"{STREAM}:a")),
        ("logs", "CreateLogGroup", {"logGroupName": "/restores"}, ("logs:CreateLogGroup", f"{STREAM}:")),
        ("cloudwatch", "PutMetricData", {"Namespace": "Restores"}, ("cloudwatch:PutMetricData", "*")),
        ("ec2", "DescribeSecurityGroups", {}, ("ec2:DescribeSecurityGroups", "*")),
        ("application-autoscaling", "DescribeScalingPolicies", {"ResourceId": "cluster:shop"},
         ("application-autoscaling:DescribeScalingPolicies", "*")),
        ("sts", "AssumeRole", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r"},
         ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/r")),
        ("iam", "GetRole", {"RoleName": "r"}, ("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/r")),
        ("iam", "ListUsers", {}, ("iam:ListUsers", "*")),
        ("iam", "SimulatePrincipalPolicy", {"PolicySourceArn": f"arn:aws:iam::{ACCOUNT}:user/u"},
         ("iam:SimulatePrincipalPolicy", f"arn:aws:iam::{ACCOUNT}:user/u")),
        ("resourcegroupstaggingapi", "GetResources", {}, ("tag:GetResources", "*")),
    ],
)  # fmt: skip
def test_other_services(service: str, action: str, parameters: dict[str, Any], expected: tuple[str, str]) -> None:
    assert pairs(of(service, action, **parameters)) == {expected}


def test_metrics_have_a_namespace_and_sessions_a_name() -> None:
    assert of("cloudwatch", "PutMetricData", Namespace="Restores")[0].context["cloudwatch:namespace"] == ("Restores",)
    context = of("sts", "AssumeRole", RoleArn="r", RoleSessionName="nightly", ExternalId="secret")[0].context
    assert (context["sts:rolesessionname"], context["sts:externalid"]) == (("nightly",), ("secret",))


def test_who_am_i_needs_nothing() -> None:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    assert of("sts", "GetCallerIdentity") == []


def policy_actions() -> set[str]:
    statements = json.loads(POLICY.read_text())["Statement"]
    return {
        action
        for item in statements
        for action in ([item["Action"]] if isinstance(item["Action"], str) else item["Action"])
    }


def test_actions_of_the_runners_policy_exist() -> None:
    for action in policy_actions():
        assert catalogue.exists(action)


def test_the_policies_have_what_the_modules_call() -> None:
    called = set()
    for file in (CHECKOUT / "plugins" / "module_utils").rglob("*.py"):
        called |= set(re.findall(r'^@aws_call\("(\w+)"', file.read_text(), re.MULTILINE))
    assert len(called) > 20
    names = {
        "account": ACCOUNT, "source_region": AWAY, "source_cluster_id": "shop", "target_region": HOME,
        "target_cluster_id": "staging", "secrets": ["master"], "topic": f"arn:aws:sns:{HOME}:{ACCOUNT}:news",
        "cluster_roles": ["import"], "cloudwatch": True,
    }  # fmt: skip
    statements = [item for made in policies(Settings.of(names)).values() for item in made["Statement"]]
    allowed = {
        action
        for item in statements
        for action in ([item["Action"]] if isinstance(item["Action"], str) else item["Action"])
    }
    assert all(catalogue.exists(action) for action in allowed)
    # No permission is needed, or it is that of the parts; the caller may become the role before any policy counts.
    others = {"GetCallerIdentity", "TransactWriteItems", "AssumeRole"}
    assert called - others <= {action.partition(":")[2] for action in allowed}
