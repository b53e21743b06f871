# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies from names: what is in them, how they are cut, what is refused, and what a linter says of them."""

from __future__ import annotations

import itertools
import json
import re
import warnings
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.dbops.aurora_restore.plugins.filter.iam_policies import iam_policies
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.policies import LIMIT, PURPOSES, size, split
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.settings import STEPS
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.statements import allow
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import naming

ACCOUNT, KEY = "123456789012", "arn:aws:kms:us-west-2:123456789012:key/11111111-2222-3333-4444-555555555555"
NAMES: dict[str, Any] = {
    "account": ACCOUNT,
    "source_region": "us-east-1",
    "source_cluster_id": "shop-production",
    "target_region": "us-west-2",
    "target_cluster_id": "shop-staging",
}
EVERYTHING = NAMES | {
    "secrets": ["shop/staging/master", "shop/staging/app"],
    "topic": f"arn:aws:sns:us-west-2:{ACCOUNT}:aurora-restore",
    "cluster_roles": ["shop-import"],
    "service_keys": [KEY],
    "cloudwatch": True,
}


def statements(purpose: str, names: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By their Sid, from all documents of a purpose."""
    return {item["Sid"]: item for part in iam_policies(names, [purpose]).values() for item in part["Statement"]}


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("names", [NAMES, EVERYTHING], ids=["least", "everything"])
def test_each_purpose_has_a_policy_that_iam_takes(names: dict[str, Any]) -> None:
    made = iam_policies(names)
    assert {name.partition("-")[0] for name in made} == set(PURPOSES)
    for name, document in made.items():
        assert size(document) <= LIMIT, name
        sids = [item["Sid"] for item in document["Statement"]]
        assert len(set(sids)) == len(sids)
        for item in document["Statement"]:
            assert re.fullmatch(r"[A-Za-z0-9]+", item["Sid"])
            assert item["Effect"] == "Allow"
            assert not any("*" in action for action in listed(item["Action"]))
            # Where no resource is named, something else limits it.
            assert item["Resource"] != "*" or item["Condition"]["StringEquals"], item["Sid"]


# What the linter is told to forget, by purpose and first action of the statement.
BOTH = "the call is asked for on both resources; each is in a statement of its own, since only one of them has the tag"
FORGIVEN = {
    ("restore", "rds:CreateDBClusterSnapshot"): BOTH,
    ("bootstrap", "kms:CreateAlias"): BOTH,
    ("bootstrap", "dynamodb:GetResourcePolicy"): "its data know only streams; tables have such policies as well",
    ("bootstrap", "secretsmanager:DescribeSecret"): "a secret that is not made yet has no ARN; its region limits it",
}
FORGIVEN_ISSUES = {("bootstrap", "secretsmanager:DescribeSecret"): "RESOURCE_STAR"}


@pytest.mark.parametrize("names", [NAMES, EVERYTHING], ids=["least", "everything"])
def test_the_linter_finds_nothing(names: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that pkg_resources will go
        import parliament
    for name, document in iam_policies(names).items():
        for finding in parliament.analyze_policy_string(json.dumps(document)).findings:
            first = finding.detail[0] if isinstance(finding.detail, list) else finding.detail
            about = first["action"] if isinstance(first, dict) else first
            found = (name.partition("-")[0], about)
            assert found in FORGIVEN, (name, str(finding))
            assert finding.issue == FORGIVEN_ISSUES.get(found, "RESOURCE_MISMATCH"), str(finding)


def test_the_linter_would_find_something() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import parliament
    document = {"Version": "2012-10-17", "Statement": [allow("Wrong", "rds:DeleteDBClusters", "*")]}
    assert parliament.analyze_policy_string(json.dumps(document)).findings


# ---- names


def test_what_is_named_is_allowed_by_its_name_and_the_rest_by_custom() -> None:
    open_ended = statements("restore", NAMES)
    assert "arn:aws:rds:us-west-2:123456789012:subgrp:shop-staging*" in open_ended["Restore"]["Resource"]
    assert "arn:aws:rds:us-west-2:123456789012:pg:default.*" in open_ended["CreateMembers"]["Resource"]
    assert open_ended["PassTheMonitoringRole"]["Resource"] == "arn:aws:iam::123456789012:role/rds-monitoring*"
    named = statements(
        "restore",
        NAMES | {
            "subnet_groups": ["private"], "cluster_parameter_groups": ["tuned"], "parameter_groups": ["small", "big-*"],
            "monitoring_roles": [f"arn:aws:iam::{ACCOUNT}:role/watch/rds"], "kms_keys": [KEY],
            "members": ["old-writer"], "snapshots": ["before-release*"],
        },
    )  # fmt: skip
    rds = "arn:aws:rds:us-west-2:123456789012"
    resources = [item for statement in named.values() for item in listed(statement["Resource"])]
    assert {f"{rds}:subgrp:private", f"{rds}:cluster-pg:tuned", f"{rds}:pg:big-*", f"{rds}:db:old-writer"} <= {
        *resources
    }
    assert "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:before-release*" in named["Copy"]["Resource"]
    # Reading is by kind.
    changing = [item for sid, made in named.items() if not sid.startswith("Read") for item in listed(made["Resource"])]
    assert not [item for item in changing if item.endswith((":shop-staging*", ":default.*", "rds-monitoring*"))]
    assert named["PassTheMonitoringRole"]["Resource"].endswith(":role/watch/rds")
    assert named["LetRdsUseKeys"]["Resource"] == ["arn:aws:kms:us-east-1:123456789012:key/*", KEY]


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ("alias/shop-staging", "arn:aws:kms:us-west-2:123456789012:key/*"),
        (KEY, KEY),
        (KEY.rpartition("/")[2], KEY),
        ("", "arn:aws:kms:us-west-2:123456789012:key/*"),
    ],
)
def test_the_new_clusters_key(given: str, keys: str) -> None:
    made = statements("restore", NAMES | {"kms_key_id": given})
    assert made["LookAtKeys"]["Resource"] == ["arn:aws:kms:us-east-1:123456789012:key/*", keys]


def test_in_one_region_the_targets_key_is_not_all_there_is() -> None:
    made = statements("restore", NAMES | {"source_region": "us-west-2", "kms_key_id": KEY})
    assert made["LetRdsUseKeys"]["Resource"] == "arn:aws:kms:us-west-2:123456789012:key/*"
    # Without a copy, the source's snapshots are restored themselves.
    assert "arn:aws:rds:us-west-2:123456789012:cluster-snapshot:rds:shop-production-*" in made["Restore"]["Resource"]


def test_only_who_has_it_gets_it() -> None:
    least, all_of_it = statements("restore", NAMES), statements("restore", EVERYTHING)
    more = {"AddItsRoles", "PassItsRoles", "ShipLogs", "ShipMetrics", "LetServicesUseKeys", "ReadSecrets", "Notify"}
    assert all_of_it.keys() - least.keys() == more
    assert len(all_of_it["ShipLogs"]["Resource"]) == len(STEPS)
    assert all_of_it["ShipMetrics"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": "AuroraRestore"}}
    assert "Condition" in least["ChangeAndDeleteTheTarget"]
    assert "Condition" not in statements("restore", NAMES | {"untagged_target": True})["ChangeAndDeleteTheTarget"]


def test_other_partitions() -> None:
    china = NAMES | {"source_region": "cn-north-1", "target_region": "cn-northwest-1"}
    assert statements("plan", china)["ReadSource"]["Resource"][0].startswith("arn:aws-cn:rds:cn-north-1:")
    assert "arn:aws-us-gov:" in json.dumps(iam_policies(NAMES | {"target_region": "us-gov-west-1"}))


@pytest.mark.parametrize("length", [1, 12, 41, 42, 48, 49, 51, 52, 53, 63])
def test_names_that_runs_give_fit_the_policy(length: int) -> None:
    """Also where a long id is cut to make room."""
    cluster = ("shop-" * 13)[: length - 1] + "X"
    made = statements("restore", NAMES | {"source_cluster_id": cluster, "target_cluster_id": cluster})
    moment = datetime(2026, 3, 1, tzinfo=timezone.utc)
    copied = naming.copy_id(cluster, moment, "arn", KEY)
    final = naming.final_snapshot_id(cluster, "abcdefgh")
    members = [naming.member_id(cluster, "abcdefgh", number) for number in (1, 15)]
    for sid, kind, names in (
        ("DeleteOwnSnapshots", "cluster-snapshot", [copied, final]),
        ("Copy", "cluster-snapshot", [copied]),
        ("TakeTheFinalSnapshot", "cluster-snapshot", [final]),
        ("CreateMembers", "db", members),
        ("DeleteMembers", "db", members),
    ):
        for name in names:
            arn = f"arn:aws:rds:us-west-2:{ACCOUNT}:{kind}:{name}"
            assert any(fnmatchcase(arn, pattern) for pattern in listed(made[sid]["Resource"])), (sid, arn)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"account": "12345"}, "12 digits"),
        ({"target_region": "*"}, "is no region"),
        ({"target_cluster_id": "shop-*"}, "'shop-*' is no name"),
        ({"state_table": "${aws:username}"}, "is no name"),
        ({"secrets": ["shop/*"]}, "secrets: 'shop/*' is no name"),
        ({"subnet_groups": ["a*b"]}, "is no name"),
        ({"kms_keys": ["alias/shop"]}, "is not the ARN of a key"),
        ({"secrets": "shop/staging/master"}, "secrets is a list"),
        ({"cloudwatch": "yes"}, "cloudwatch is true or false"),
        ({"tables": []}, "no setting tables"),
        ({"account": ""}, "A policy needs account"),
        ({"members": [f"member-{number}-of-a-large-cluster" for number in range(99)]}, "has 7000"),
    ],
)  # fmt: skip
def test_what_can_be_no_policy_is_told(more: dict[str, Any], says: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        iam_policies(NAMES | more)
    assert says in str(caught.value)


def test_there_are_no_other_purposes() -> None:
    with pytest.raises(AnsibleFilterError, match="no purpose restores: there are plan, restore,"):
        iam_policies(NAMES, ["restores"])


# ---- size


def test_a_long_policy_is_cut_between_statements_and_loses_none() -> None:
    items = [
        allow(f"S{number}", "rds:DescribeEvents", [f"arn:{number}:{i}" for i in range(40)]) for number in range(40)
    ]
    parts = split("restore", items)
    assert 1 < len(parts) <= 10
    assert [item for part in parts for item in part["Statement"]] == items
    for part, following in itertools.pairwise(parts):
        assert size(part) <= LIMIT
        joined = {**part, "Statement": [*part["Statement"], following["Statement"][0]]}
        assert size(joined) > LIMIT, "no part ends before it is full"


def test_what_can_not_be_cut_is_told() -> None:
    big = allow("Big", "rds:DescribeEvents", [f"arn:{number:099}" for number in range(80)])
    with pytest.raises(ValueError, match=r"The statement Big of the restore policy has \d+ characters, and IAM takes"):
        split("restore", [big])
    half = [allow(f"S{n}", "rds:DescribeEvents", [f"arn:{i:099}" for i in range(40)]) for n in range(11)]
    with pytest.raises(ValueError, match="needs 11 documents, and a role can have 10"):
        split("restore", half)
