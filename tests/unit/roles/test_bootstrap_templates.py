# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The templates that bootstrap gives to CloudFormation, against AWS's own schemas of the resources."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.api import ManualArgs, lint
from rendering import render

ROLE = Path(__file__).resolve().parents[3] / "roles" / "bootstrap"
ACCOUNT, KEY = "123456789012", "arn:aws:kms:us-west-2:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ALL = ["table", "topic", "log_groups", "dashboard", "target_key", "source_key", "roles", "alarms"]
NAMES = {
    "bootstrap_source_region": "us-east-1",
    "bootstrap_source_cluster_id": "shop-production",
    "bootstrap_target_region": "us-west-2",
    "bootstrap_target_cluster_id": "shop-staging",
    "bootstrap_master_secret_id": "shop/staging/master",
    "bootstrap_app_secret_id": "shop/staging/app",
    "bootstrap_make": ALL,
}
# What the role has asked AWS for when it renders them.
SEEN = {
    "inventory_hostname": "shop-staging",
    "__bootstrap_caller": {"account": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/operator"},
    "__bootstrap_looked": {"results": [{"cloudformation": {}}] * 3},
    "__bootstrap_key_infos": {"results": [{}, {}, {}]},
}


def rendered(template: str, **variables: Any) -> str:
    return render(ROLE, template, {**SEEN, **NAMES, **variables})


def resources(template: str, **variables: Any) -> Mapping[str, Any]:
    return dict(yaml.safe_load(rendered(template, **variables))["Resources"])


VARIANTS = {
    "everything": {},
    "own key": {"bootstrap_kms_key_id": KEY, "__bootstrap_key_infos": {"results": [{"kms_keys": [{"key_arn": KEY}]}]}},
    "own topic": {
        "bootstrap_make": [part for part in ALL if part != "topic"],
        "bootstrap_topic_arn": f"arn:aws:sns:us-west-2:{ACCOUNT}:ours",
    },
    "nobody is told": {"bootstrap_make": [part for part in ALL if part not in ("topic", "roles")]},
    "subscribers": {
        "bootstrap_subscriptions": [
            {"protocol": "email", "endpoint": "ops@example.com"},
            {"protocol": "sqs", "endpoint": f"arn:aws:sqs:us-west-2:{ACCOUNT}:inbox"},
            {"protocol": "https", "endpoint": "https://example.com/hook"},
        ]
    },
    "only a table": {"bootstrap_make": ["table"]},
    "removal": {"bootstrap_state": "absent"},
}


CASES = [
    *(("shared", variant) for variant in VARIANTS if variant != "nobody is told"),
    ("source", "everything"),
    *(("target", variant) for variant in ("everything", "own topic", "nobody is told")),
]


@pytest.mark.parametrize(("template", "variant"), CASES)
def test_cfn_lint_has_nothing_to_say(template: str, variant: str) -> None:
    text = rendered(f"{template}.yml.j2", **VARIANTS[variant])
    found = lint(text, config=ManualArgs(regions=["us-west-2"]))
    assert [f"{match.rule.id} {match.linenumber}: {match.message}" for match in found] == []


def test_the_state_table_is_as_the_collection_uses_it() -> None:
    table = resources("shared.yml.j2")["StateTable"]["Properties"]
    assert {entry["AttributeName"]: entry["KeyType"] for entry in table["KeySchema"]} == {
        "operation_id": "HASH", "step": "RANGE",
    }  # fmt: skip
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": ["Key", "Arn"]}


def test_the_protected_table_is_the_last_one_made() -> None:
    made = resources("shared.yml.j2")
    behind = {name for name, resource in made.items() if "StateTable" in json.dumps(resource)}
    assert behind == set(), "a rollback could not delete the table"
    before = set(made["StateTable"]["DependsOn"])
    assert set(made) - before - {"StateTable"} == {"Key", "Topic"}, "which the alias and the policy are made after"


def test_every_step_has_a_log_group_with_retention_and_key() -> None:
    groups = [r["Properties"] for r in resources("shared.yml.j2").values() if r["Type"] == "AWS::Logs::LogGroup"]
    assert [group["LogGroupName"] for group in groups] == [
        f"/aurora-restore/{step}"
        for step in (
            "preflight", "snapshot_check", "snapshot_copy", "cluster_delete", "cluster_restore", "db_users",
            "notification",
        )
    ]  # fmt: skip
    assert all(group["RetentionInDays"] == 90 and group["KmsKeyId"] for group in groups)


def test_a_key_of_ones_own_is_used_for_all_of_it() -> None:
    made = resources("shared.yml.j2", **VARIANTS["own key"])
    assert "Key" not in made
    keys = [
        made["StateTable"]["Properties"]["SSESpecification"]["KMSMasterKeyId"],
        made["Topic"]["Properties"]["KmsMasterKeyId"],
        made["LogsPreflight"]["Properties"]["KmsKeyId"],
    ]
    assert keys == [KEY] * 3


def test_the_policies_name_the_new_key_and_fit_their_roles() -> None:
    made = resources("target.yml.j2")
    policies = {name: r["Properties"] for name, r in made.items() if r["Type"] == "AWS::IAM::ManagedPolicy"}
    assert "key/to-come" not in json.dumps(made)
    assert {"Fn::GetAtt": ["Key", "Arn"]} in [
        resource
        for statement in policies["PolicyRestore"]["PolicyDocument"]["Statement"]
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
    ]
    roles = {r["Properties"]["RoleName"]: r["Properties"] for r in made.values() if r["Type"] == "AWS::IAM::Role"}
    assert sorted(roles) == [
        f"aurora-restore-shop-staging-{purpose}" for purpose in ("bootstrap", "cleanup", "plan", "restore", "rotation")
    ]
    attached = [policy["Ref"] for role in roles.values() for policy in role["ManagedPolicyArns"]]
    assert sorted(attached) == sorted(policies), "each policy is somebody's"
    for role in roles.values():
        assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {
            "AWS": [f"arn:aws:iam::{ACCOUNT}:root"]
        }


def test_alarms_go_to_the_topic() -> None:
    def actions(**variables: Any) -> list[Any]:
        made = resources("target.yml.j2", **variables).values()
        return [r["Properties"]["AlarmActions"] for r in made if r["Type"] == "AWS::CloudWatch::Alarm"]

    assert actions() == [[{"Fn::ImportValue": "aurora-restore-topic-arn"}]] * 3
    assert actions(**VARIANTS["own topic"]) == [[f"arn:aws:sns:us-west-2:{ACCOUNT}:ours"]] * 3
    assert actions(**VARIANTS["nobody is told"]) == [[]] * 3


def test_an_overdue_target_is_one_without_a_success_in_the_hours_given() -> None:
    made = resources("target.yml.j2", bootstrap_overdue_hours=30, bootstrap_snapshot_max_age_hours=50)
    overdue, old = made["AlarmOverdue"]["Properties"], made["AlarmSnapshotTooOld"]["Properties"]
    assert overdue["Period"] * overdue["EvaluationPeriods"] == 30 * 3600
    assert overdue["TreatMissingData"] == "breaching"
    assert old["Threshold"] == 50 * 3600


def test_everything_that_can_have_tags_says_whose_it_is() -> None:
    for template, stack in (
        ("shared", "aurora-restore"),
        ("source", "aurora-restore-source-shop-production"),
        ("target", "aurora-restore-shop-staging"),
    ):
        for name, resource in resources(f"{template}.yml.j2").items():
            if resource["Type"] not in (
                "AWS::KMS::Alias", "AWS::SNS::TopicPolicy", "AWS::CloudWatch::Dashboard", "AWS::IAM::ManagedPolicy",
            ):  # fmt: skip
                assert resource["Properties"]["Tags"] == [{"Key": "aurora-restore:installation", "Value": stack}], name
