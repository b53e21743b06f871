# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of users and sessions, through the gateway, allowed and refused as on AWS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from guarded import Guarded, Keys, allow, deny, policy, refused, trust
from in_process import ACCOUNT, AWAY, HOME, OTHER_ACCOUNT
from moto.core.utils import utcnow
from moto.sts.models import sts_backends

JANE = f"arn:aws:iam::{ACCOUNT}:user/jane"
RDS = f"arn:aws:rds:{HOME}:{ACCOUNT}"


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Guarded]:
    made = Guarded(tmp_path)
    yield made
    made.close()


def test_disabled_nothing_is_refused(tmp_path: Path) -> None:
    aws = Guarded(tmp_path, enabled=False)
    try:
        assert aws.as_user(aws.user("jane"), "rds").describe_db_clusters()["DBClusters"] == []
    finally:
        aws.close()


CALLS: list[tuple[str, str, dict[str, Any], str, int, str]] = [
    ("rds", "describe_db_clusters", {}, "AccessDenied", 403,
     f"perform: rds:DescribeDBClusters on resource: {RDS}:cluster:* because no identity-based policy allows the "
     "rds:DescribeDBClusters action"),
    ("rds", "describe_db_engine_versions", {}, "AccessDenied", 403,
     "perform: rds:DescribeDBEngineVersions because no identity-based policy"),
    ("ec2", "describe_vpcs", {}, "UnauthorizedOperation", 403,
     f"You are not authorized to perform this operation. User: {JANE} is not authorized to perform: ec2:DescribeVpcs"),
    ("sns", "publish", {"TopicArn": f"arn:aws:sns:{HOME}:{ACCOUNT}:news", "Message": "x"}, "AuthorizationError", 403,
     f"User: {JANE} is not authorized to perform: SNS:Publish on resource: arn:aws:sns:{HOME}:{ACCOUNT}:news because"),
    ("sqs", "list_queues", {}, "AccessDenied", 403, "perform: sqs:listqueues"),
    ("dynamodb", "describe_table", {"TableName": "state"}, "AccessDeniedException", 400,
     f"perform: dynamodb:DescribeTable on resource: arn:aws:dynamodb:{HOME}:{ACCOUNT}:table/state because"),
    ("secretsmanager", "get_secret_value", {"SecretId": "master"}, "AccessDeniedException", 400,
     "perform: secretsmanager:GetSecretValue on resource: master because"),
    ("logs", "describe_log_groups", {}, "AccessDeniedException", 400, "perform: logs:DescribeLogGroups"),
    ("cloudwatch", "put_metric_data", {"Namespace": "Restores", "MetricData": []}, "AccessDenied", 403,
     "perform: cloudwatch:PutMetricData because"),
    ("application-autoscaling", "describe_scaling_policies", {"ServiceNamespace": "rds"}, "AccessDeniedException", 400,
     "perform: application-autoscaling:DescribeScalingPolicies"),
    ("iam", "get_user", {}, "AccessDenied", 403, f"perform: iam:GetUser on resource: {JANE} because"),
    ("sts", "assume_role", {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/none", "RoleSessionName": "one"}, "AccessDenied",
     403, f"perform: sts:AssumeRole on resource: arn:aws:iam::{ACCOUNT}:role/none because no role trust policy"),
]  # fmt: skip


@pytest.mark.parametrize(("service", "call", "parameters", "code", "status", "text"), CALLS)
def test_each_service_refuses_in_its_own_words(
    aws: Guarded, service: str, call: str, parameters: dict[str, Any], code: str, status: int, text: str
) -> None:
    """Codes and words as in https://github.com/aws-ia/terraform-aws-control_tower_account_factory/issues/151 (SNS),
    https://github.com/aws/serverless-application-model/issues/3633 (SQS), https://github.com/mattclay/aws-terminator/pull/265
    (RDS)."""
    client = aws.as_user(aws.user("jane"), service)
    with refused(code, text, status):
        getattr(client, call)(**parameters)


def test_everybody_may_ask_who_they_are(aws: Guarded) -> None:
    keys = aws.user("jane", deny("*"))
    assert aws.as_user(keys, "sts").get_caller_identity()["Arn"] == JANE


def test_policies_of_groups_and_attached_ones_count(aws: Guarded) -> None:
    keys, iam = aws.user("jane"), aws.iam()
    rds = aws.as_user(keys, "rds")
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="jane")
    iam.put_group_policy(GroupName="readers", PolicyName="read", PolicyDocument=policy(allow("rds:DescribeDBClusters")))
    rds.describe_db_clusters()
    attached = iam.create_policy(PolicyName="instances", PolicyDocument=policy(allow("rds:DescribeDBInstances")))
    with refused("AccessDenied"):
        rds.describe_db_instances()
    iam.attach_user_policy(UserName="jane", PolicyArn=attached["Policy"]["Arn"])
    rds.describe_db_instances()
    iam.put_user_policy(UserName="jane", PolicyName="no", PolicyDocument=policy(deny("rds:Describe*")))
    with refused("AccessDenied", "with an explicit deny in an identity-based policy"):
        rds.describe_db_instances()


def test_a_users_boundary_limits(aws: Guarded) -> None:
    keys, iam = aws.user("jane", allow("*")), aws.iam()
    made = iam.create_policy(PolicyName="limit", PolicyDocument=policy(allow("rds:*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="jane", PermissionsBoundary=made)
    aws.as_user(keys, "rds").describe_db_clusters()
    with refused("AuthorizationError", "because no permissions boundary allows the SNS:ListTopics action"):
        aws.as_user(keys, "sns").list_topics()
    iam.delete_user_permissions_boundary(UserName="jane")
    aws.as_user(keys, "sns").list_topics()


def test_a_region_is_a_condition(aws: Guarded) -> None:
    keys = aws.user("jane", allow("rds:Describe*", Condition={"StringEquals": {"aws:RequestedRegion": HOME}}))
    aws.as_user(keys, "rds", HOME).describe_db_clusters()
    with refused("AccessDenied", f"arn:aws:rds:{AWAY}:{ACCOUNT}:cluster:*"):
        aws.as_user(keys, "rds", AWAY).describe_db_clusters()


def test_only_clusters_with_the_tag_are_deleted(aws: Guarded) -> None:
    tagged = {"StringEquals": {"aws:ResourceTag/aurora-restore:target": "true"}}
    rds = aws.as_user(aws.user("jane", allow("rds:DeleteDBCluster", Condition=tagged)), "rds")
    aws.cluster("mine", members=0, Tags=[{"Key": "aurora-restore:target", "Value": "true"}])
    aws.cluster("yours", members=0)
    with refused("AccessDenied", f"on resource: {RDS}:cluster:yours"):
        rds.delete_db_cluster(DBClusterIdentifier="yours", SkipFinalSnapshot=True)
    # What is not there has no tags: it can't be told from what may not be deleted.
    with refused("AccessDenied"):
        rds.delete_db_cluster(DBClusterIdentifier="none", SkipFinalSnapshot=True)
    rds.delete_db_cluster(DBClusterIdentifier="mine", SkipFinalSnapshot=True)


def test_tags_in_a_request_are_a_condition(aws: Guarded) -> None:
    aws.cluster("shop")
    own = {"StringEquals": {"aws:RequestTag/owner": "jane"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["owner"]}}
    rds = aws.as_user(
        aws.user("jane", allow("rds:CreateDBClusterSnapshot"), allow("rds:AddTagsToResource", Condition=own)), "rds"
    )
    for wrong in ([{"Key": "owner", "Value": "joe"}], [{"Key": "owner", "Value": "jane"}, {"Key": "x", "Value": "y"}]):
        with refused("AccessDenied", f"rds:AddTagsToResource on resource: {RDS}:cluster-snapshot:a"):
            rds.create_db_cluster_snapshot(DBClusterIdentifier="shop", DBClusterSnapshotIdentifier="a", Tags=wrong)
    rds.create_db_cluster_snapshot(
        DBClusterIdentifier="shop", DBClusterSnapshotIdentifier="a", Tags=[{"Key": "owner", "Value": "jane"}]
    )


def test_passing_a_role_is_a_permission(aws: Guarded) -> None:
    aws.cluster("shop", members=0)
    role = aws.role("monitoring", trust({"Service": "monitoring.rds.amazonaws.com"}))
    keys = aws.user("jane", allow("rds:*"))
    member = {
        "DBInstanceIdentifier": "shop-1", "DBInstanceClass": "db.r6g.large", "Engine": "aurora-postgresql",
        "DBClusterIdentifier": "shop", "MonitoringInterval": 60, "MonitoringRoleArn": role,
    }  # fmt: skip
    with refused("AccessDenied", f"iam:PassRole on resource: {role} because"):
        aws.as_user(keys, "rds").create_db_instance(**member)
    to_rds = {"StringEquals": {"iam:PassedToService": "monitoring.rds.amazonaws.com"}}
    aws.iam().put_user_policy(
        UserName="jane", PolicyName="pass", PolicyDocument=policy(allow("iam:PassRole", role, Condition=to_rds))
    )
    aws.as_user(keys, "rds").create_db_instance(**member)


# keys

VIA_RDS = {
    "StringEquals": {"kms:ViaService": [f"rds.{HOME}.amazonaws.com", f"rds.{AWAY}.amazonaws.com"]},
    "Bool": {"kms:GrantIsForAWSResource": "true"},
}


def test_a_copy_without_a_grant_for_its_keys_is_refused_as_rds_says_it(aws: Guarded) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBClusterSnapshot.html, the errors"""
    snapshot, key = aws.away(), aws.key()
    copy = {
        "SourceDBClusterSnapshotIdentifier": snapshot["DBClusterSnapshotArn"],
        "TargetDBClusterSnapshotIdentifier": "copy", "KmsKeyId": key, "SourceRegion": AWAY,
    }  # fmt: skip
    rds = aws.as_user(aws.user("jane", allow(["rds:*", "kms:DescribeKey"])), "rds")
    with refused(
        "KMSKeyNotAccessibleFault", f"The source snapshot KMS key [{snapshot['KmsKeyId']}] does not exist", 400
    ):
        rds.copy_db_cluster_snapshot(**copy)
    aws.iam().put_user_policy(
        UserName="jane", PolicyName="grants", PolicyDocument=policy(allow("kms:CreateGrant", snapshot["KmsKeyId"]))
    )
    with refused("KMSKeyNotAccessibleFault", f"The target KMS key [{key}]", 400):
        rds.copy_db_cluster_snapshot(**copy)
    aws.iam().put_user_policy(
        UserName="jane", PolicyName="grants", PolicyDocument=policy(allow("kms:CreateGrant", Condition=VIA_RDS))
    )
    rds.copy_db_cluster_snapshot(**copy)
    # Through RDS only.
    with refused("AccessDeniedException", "kms:CreateGrant"):
        aws.as_user(aws.user("joe", allow("kms:CreateGrant", Condition=VIA_RDS)), "kms").create_grant(
            KeyId=key, GranteePrincipal=JANE, Operations=["Decrypt"]
        )


def test_a_copy_from_another_region_needs_to_be_allowed_there(aws: Guarded) -> None:
    snapshot, key = aws.away(), aws.key()
    here = {"StringEquals": {"aws:RequestedRegion": HOME}}
    rds = aws.as_user(aws.user("jane", allow("rds:*", Condition=here), allow("kms:*")), "rds")
    with refused("AccessDenied", f"rds:CopyDBClusterSnapshot on resource: {snapshot['DBClusterSnapshotArn']}"):
        rds.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=snapshot["DBClusterSnapshotArn"], SourceRegion=AWAY, KmsKeyId=key,
            TargetDBClusterSnapshotIdentifier="copy",
        )  # fmt: skip


def test_a_key_whose_policy_names_others_is_out_of_reach(aws: Guarded) -> None:
    kms = aws.client("kms")
    key = kms.create_key(
        Policy=policy({"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/joe"}, "Action": "kms:*",
                       "Resource": "*"}),
    )["KeyMetadata"]["Arn"]  # fmt: skip
    with refused("AccessDeniedException", "because no resource-based policy allows the kms:DescribeKey action", 400):
        aws.as_user(aws.user("jane", allow("*")), "kms").describe_key(KeyId=key)
    assert aws.as_user(aws.user("joe"), "kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key


def test_a_key_of_another_account_must_be_allowed_on_both_sides(aws: Guarded) -> None:
    key = aws.key(HOME, OTHER_ACCOUNT)
    keys = aws.user("jane", allow("kms:DescribeKey", key))
    kms = aws.as_user(keys, "kms")
    # Between accounts messages give no reason.
    with refused("AccessDeniedException", f"kms:DescribeKey on resource: {key}"):
        kms.describe_key(KeyId=key)
    everybody_of_us = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"}, "Action": "kms:*"}
    aws.client("kms", HOME, OTHER_ACCOUNT).put_key_policy(
        KeyId=key, PolicyName="default",
        Policy=policy({**everybody_of_us, "Resource": "*"}, {**root, "Resource": "*"}),
    )  # fmt: skip
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["AWSAccountId"] == OTHER_ACCOUNT
    with refused("AccessDeniedException"):
        aws.as_user(aws.user("joe"), "kms").describe_key(KeyId=key)


def test_a_secret_under_a_key_of_its_own_needs_the_key(aws: Guarded) -> None:
    key = aws.key()
    aws.client("secretsmanager").create_secret(Name="sealed", SecretString="{}", KmsKeyId=key)
    keys = aws.user("jane", allow("secretsmanager:GetSecretValue"))
    with refused("AccessDeniedException", "Access to KMS is not allowed"):
        aws.as_user(keys, "secretsmanager").get_secret_value(SecretId="sealed")
    through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{HOME}.amazonaws.com"}}
    aws.iam().put_user_policy(
        UserName="jane", PolicyName="key", PolicyDocument=policy(allow("kms:Decrypt", key, Condition=through))
    )
    aws.as_user(keys, "secretsmanager").get_secret_value(SecretId="sealed")


# roles


def caller(aws: Guarded, *roles: str) -> Keys:
    return aws.user("jane", allow("sts:AssumeRole", list(roles)))


def test_a_session_may_do_what_its_role_may(aws: Guarded) -> None:
    role = aws.role("reader", trust({"AWS": JANE}), allow("rds:Describe*"))
    session = aws.assume(aws.user("jane"), role)
    aws.as_user(session, "rds").describe_db_clusters()
    name = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/nightly"
    with refused("AccessDenied", f"User: {name} is not authorized to perform: rds:DeleteDBCluster"):
        aws.as_user(session, "rds").delete_db_cluster(DBClusterIdentifier="shop", SkipFinalSnapshot=True)


def test_a_trust_policy_that_names_the_account_leaves_it_to_iam(aws: Guarded) -> None:
    role = aws.role("reader", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    with refused("AccessDenied", "because no identity-based policy allows the sts:AssumeRole action"):
        aws.assume(aws.user("joe"), role)
    aws.assume(caller(aws, role), role)


def test_a_role_of_another_account_is_assumed_with_its_external_id(aws: Guarded) -> None:
    role = aws.role(
        "visitor",
        trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, Condition={"StringEquals": {"sts:ExternalId": "contract-7"}}),
        allow("rds:Describe*"),
        account=OTHER_ACCOUNT,
    )
    with refused("AccessDenied", f"sts:AssumeRole on resource: {role}", 403):
        aws.assume(aws.user("joe"), role, ExternalId="contract-7")
    keys = caller(aws, role)
    with refused("AccessDenied"):
        aws.assume(keys, role)
    with refused("AccessDenied"):
        aws.assume(keys, role, ExternalId="contract-8")
    session = aws.assume(keys, role, ExternalId="contract-7")
    identity = aws.as_user(session, "sts").get_caller_identity()
    assert identity["Account"] == OTHER_ACCOUNT
    aws.as_user(session, "rds").describe_db_clusters()


def test_session_policies_limit_a_session(aws: Guarded) -> None:
    role = aws.role("reader", trust({"AWS": JANE}), allow("rds:*"))
    keys, made = aws.user("jane"), aws.iam()
    session = aws.assume(keys, role, Policy=policy(allow(["rds:DescribeDBClusters", "sns:*"])))
    aws.as_user(session, "rds").describe_db_clusters()
    with refused("AccessDenied", "because no session policy allows the rds:DescribeDBInstances action"):
        aws.as_user(session, "rds").describe_db_instances()
    with refused("AuthorizationError", "because no identity-based policy"):
        aws.as_user(session, "sns").list_topics()
    named = made.create_policy(PolicyName="instances", PolicyDocument=policy(allow("rds:DescribeDBInstances")))
    session = aws.assume(keys, role, PolicyArns=[{"arn": named["Policy"]["Arn"]}])
    aws.as_user(session, "rds").describe_db_instances()
    with refused("AccessDenied", "session policy"):
        aws.as_user(session, "rds").describe_db_clusters()


def test_a_session_policy_must_be_one(aws: Guarded) -> None:
    role = aws.role("reader", trust({"AWS": JANE}))
    with refused("MalformedPolicyDocument", status=400):
        aws.assume(aws.user("jane"), role, Policy='{"Version": "2012-10-17"}')


def test_conditions_see_the_role_of_a_session(aws: Guarded) -> None:
    role = aws.role("reader", trust({"AWS": JANE}), allow("rds:*"),
                    deny("*", Condition={"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/reader"}}),
                    Tags=[{"Key": "team", "Value": "data"}])  # fmt: skip
    session = aws.assume(aws.user("jane"), role)
    aws.as_user(session, "rds").describe_db_clusters()
    aws.iam().put_role_policy(
        RoleName="reader", PolicyName="team",
        PolicyDocument=policy(deny("rds:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "data"}})),
    )  # fmt: skip
    with refused("AccessDenied", "explicit deny"):
        aws.as_user(session, "rds").describe_db_clusters()


def test_sessions_end(aws: Guarded) -> None:
    role = aws.role("reader", trust({"AWS": JANE}), allow("*"))
    session = aws.assume(aws.user("jane"), role, DurationSeconds=900)
    aws.as_user(session, "rds").describe_db_clusters()
    (kept,) = sts_backends[ACCOUNT]["aws"].assumed_roles
    left = (kept.expiration - utcnow()).total_seconds()
    assert 880 < left <= 900
    kept.expiration -= timedelta(seconds=901)
    with refused("ExpiredToken", status=403):
        aws.as_user(session, "rds").describe_db_clusters()
    with refused("ExpiredTokenException"):
        aws.as_user(session, "dynamodb").list_tables()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (7200, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
        (43201, "Member must have value less than or equal to 43200"),
    ],
)
def test_sessions_last_no_longer_than_their_role_says(aws: Guarded, seconds: int, text: str) -> None:
    role = aws.role("reader", trust({"AWS": JANE}))
    with refused("ValidationError", text, 400):
        aws.assume(aws.user("jane"), role, DurationSeconds=seconds)


def test_a_role_that_is_assumed_by_a_role_lasts_an_hour(aws: Guarded) -> None:
    """https://github.com/99designs/aws-vault/issues/263 has the message."""
    first = aws.role("first", trust({"AWS": JANE}), allow("sts:AssumeRole"))
    second = aws.role("second", trust({"AWS": first}), MaxSessionDuration=7200)
    session = aws.assume(aws.user("jane"), first)
    with refused("ValidationError", "exceeds the 1 hour session limit for roles assumed by role chaining", 400):
        aws.assume(session, second, DurationSeconds=7200)
    aws.assume(session, second)


# resources' policies


def test_a_topics_policy_lets_others_in(aws: Guarded) -> None:
    sns = aws.client("sns", HOME, OTHER_ACCOUNT)
    topic = sns.create_topic(Name="news")["TopicArn"]
    keys = aws.user("jane", allow("sns:Publish", topic))
    with refused("AuthorizationError", f"SNS:Publish on resource: {topic}"):
        aws.as_user(keys, "sns").publish(TopicArn=topic, Message="x")
    letting_in = {"Effect": "Allow", "Principal": {"AWS": JANE}, "Action": "sns:Publish", "Resource": topic}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(letting_in))
    aws.as_user(keys, "sns").publish(TopicArn=topic, Message="x")


def test_a_secrets_policy_lets_a_user_in_and_keeps_one_out(aws: Guarded) -> None:
    manager = aws.client("secretsmanager")
    arn = manager.create_secret(Name="shared", SecretString="{}")["ARN"]
    manager.put_resource_policy(
        SecretId=arn,
        ResourcePolicy=policy(
            {"Effect": "Allow", "Principal": {"AWS": JANE}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"},
            {
                "Effect": "Deny",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/joe"},
                "Action": "*",
                "Resource": "*",
            },
        ),
    )
    aws.as_user(aws.user("jane"), "secretsmanager").get_secret_value(SecretId="shared")
    with refused("AccessDeniedException", "with an explicit deny in a resource-based policy"):
        aws.as_user(aws.user("joe", allow("*")), "secretsmanager").get_secret_value(SecretId="shared")


# simulation


def simulate(aws: Guarded, *actions: str, **more: Any) -> list[dict[str, Any]]:
    answer = aws.iam().simulate_principal_policy(PolicySourceArn=JANE, ActionNames=list(actions), **more)
    return list(answer["EvaluationResults"])


def test_simulation_decides_as_calls_are_decided(aws: Guarded) -> None:
    aws.user("jane", allow("rds:*", f"{RDS}:cluster:shop"), deny("rds:Delete*"))
    decisions = {
        (item["EvalActionName"], item["EvalResourceName"]): item["EvalDecision"]
        for item in simulate(
            aws, "rds:ModifyDBCluster", "rds:DeleteDBCluster",
            ResourceArns=[f"{RDS}:cluster:shop", f"{RDS}:cluster:other"],
        )
    }  # fmt: skip
    assert decisions == {
        ("rds:ModifyDBCluster", f"{RDS}:cluster:shop"): "allowed",
        ("rds:ModifyDBCluster", f"{RDS}:cluster:other"): "implicitDeny",
        ("rds:DeleteDBCluster", f"{RDS}:cluster:shop"): "explicitDeny",
        ("rds:DeleteDBCluster", f"{RDS}:cluster:other"): "explicitDeny",
    }


def test_simulation_has_the_context_that_it_is_given(aws: Guarded) -> None:
    aws.user("jane", allow("rds:*", Condition={"StringEquals": {"aws:RequestedRegion": HOME}}))
    (result,) = simulate(aws, "rds:DescribeDBClusters")
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", ["aws:RequestedRegion"])
    entry = {"ContextKeyName": "aws:RequestedRegion", "ContextKeyValues": [HOME], "ContextKeyType": "string"}
    (result,) = simulate(aws, "rds:DescribeDBClusters", ContextEntries=[entry])
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("allowed", [])
    assert result["MatchedStatements"] == [{"SourcePolicyId": "own", "SourcePolicyType": "user"}]


def test_simulation_of_more_than_the_principal_has(aws: Guarded) -> None:
    aws.user("jane")
    (result,) = simulate(aws, "sns:Publish", PolicyInputList=[policy(allow("sns:Publish"))])
    assert result["EvalDecision"] == "allowed"
    (result,) = simulate(
        aws, "sns:Publish", PolicyInputList=[policy(allow("*"))],
        PermissionsBoundaryPolicyInputList=[policy(allow("rds:*"))],
    )  # fmt: skip
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_simulation_goes_page_by_page(aws: Guarded) -> None:
    aws.user("jane", allow("*"))
    actions = ["rds:DescribeDBClusters", "rds:DescribeDBInstances", "sns:Publish"]
    pages = aws.iam().get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=JANE, ActionNames=actions, PaginationConfig={"PageSize": 2}
    )  # fmt: skip
    assert [item["EvalActionName"] for page in pages for item in page["EvaluationResults"]] == actions


def test_simulation_refuses_what_is_not_there(aws: Guarded) -> None:
    with refused("NoSuchEntity", status=404):
        simulate(aws, "sns:Publish")
    aws.user("jane")
    with refused("InvalidInput", status=400):
        simulate(aws, "Publish")
    with refused("InvalidInput", status=400):
        aws.iam().simulate_custom_policy(PolicyInputList=["no policy"], ActionNames=["sns:Publish"])


def test_simulation_of_policies_alone(aws: Guarded) -> None:
    answer = aws.iam().simulate_custom_policy(
        PolicyInputList=[policy(allow("sns:*"))], ActionNames=["sns:Publish", "rds:DescribeDBClusters"]
    )
    assert [item["EvalDecision"] for item in answer["EvaluationResults"]] == ["allowed", "implicitDeny"]
