# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every preflight check: what passes, what does not, and that the sentence names variable and resource."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Denied
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import checks, decisions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.case import Case
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.database import NoLogin, Unreached
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.names import user_name_problem
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.permissions import Answer
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Snapshot
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.selection import Wish
from plan_world import ACCOUNT, AROUND, KEY, NOW, WORLD, case, problems, snapshot, source, target

DENIED = Fact[Any](error=Denied("DescribeSomething failed: AccessDenied: no", hint="Ask."))


@pytest.fixture(scope="module")
def pem() -> str:
    """A certificate of our own making."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    certificate = (
        builder.serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def test_a_possible_restore_has_no_problems(pem: str) -> None:
    good = case(world={"ca": Fact(pem)})
    assert problems(good) == []
    assert {result["status"] for result in checks.run_checks(good)} == {"passed"}
    assert checks.warnings(good) == []


def test_all_problems_are_reported_at_once() -> None:
    bad = case(
        {"target_cluster_id": "bad--name", "sns_topic_arn": "nonsense"},
        {"snapshots": Fact([]), "ca": Fact("no certificate"), "master_secret": DENIED},
        key=Fact(None),
        subnet_group=Fact(None),
    )
    failed = {result["name"] for result in checks.run_checks(bad) if result["blocks"]}
    assert failed >= {"names", "topic", "snapshot", "ca_cert", "master_secret", "kms_key", "subnet_group"}


ONE_ZONE = [{"SubnetAvailabilityZone": {"Name": "us-west-2a"}}]


def copy_name() -> str:
    """What the copy would be called."""
    of = case()
    wish = decisions.copy_wish(of.decision, of.around)
    assert wish is not None
    return wish.id


def taken(name: str) -> Snapshot:
    return snapshot(name=name, DBClusterIdentifier="shop-other", SnapshotType="manual")


# (differences, check, pieces of the sentence)
BAD: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "another account": (
        {"wishes": {"expected_account": "999999999999"}},
        "account",
        ["aurora_restore_expected_account", "999999999999", ACCOUNT],
    ),
    "one zone only": (
        {"subnet_group": Fact({**(AROUND.subnet_group.value or {}), "Subnets": ONE_ZONE})},
        "subnet_group",
        ["shop-staging", "covers 1 availability zone", "aurora_restore_db_subnet_group_name"],
    ),
    "the copy's name is taken": (
        {"world": {"target_snapshots": Fact([taken(copy_name())])}},
        "names_free",
        ["already exists in us-west-2", "shop-other"],
    ),
    "the final snapshot's name is taken": (
        {"world": {"target_snapshots": Fact([taken("shop-staging-final-3n4p7s9t")])}},
        "names_free",
        ["shop-staging-final-3n4p7s9t", "not this operation's final snapshot", "aurora_restore_final_snapshot"],
    ),
    "out of reach": (
        {"database": Fact(error=Unreached("10.0.0.1:5432 can't be reached from here: timed out"))},
        "database",
        ["10.0.0.1:5432 can't be reached from here", "aurora_restore_check_database"],
    ),
    "source region": (
        {"wishes": {"source_region": "us-west-9"}},
        "regions",
        ["aurora_restore_source_region", "us-west-9"],
    ),
    "target region": ({"wishes": {"target_region": "moon-1"}}, "regions", ["aurora_restore_target_region", "moon-1"]),
    "cluster id": ({"wishes": {"target_cluster_id": "x_y"}}, "names", ["aurora_restore_target_cluster_id", "x_y"]),
    "target is the source": (
        {"wishes": {"target_cluster_id": "Shop-Production", "target_region": "us-east-1"}},
        "target_is_not_source",
        ["aurora_restore_target_cluster_id", "source"],
    ),
    "target has the resource id of the source": (
        {"world": {"target": Fact(target(DbClusterResourceId="cluster-PRODUCTION"))}},
        "target",
        ["shop-staging", "source"],
    ),
    "source unreadable": (
        {"world": {"source": DENIED}},
        "source",
        ["aurora_restore_source_cluster_id", "AccessDenied"],
    ),
    "no snapshot": ({"world": {"snapshots": Fact([])}}, "snapshot", ["shop-production", "us-east-1"]),
    "no snapshot and no cluster": (
        {"world": {"snapshots": Fact([]), "source": Fact(None)}},
        "snapshot",
        ["aurora_restore_source_cluster_id", "no such cluster exists"],
    ),
    "prefix": (
        {"wishes": {"snapshot": Wish(prefix="nightly-")}},
        "snapshot",
        ["aurora_restore_snapshot_prefix", "nightly-"],
    ),
    "too old": (
        {"wishes": {"snapshot": Wish(max_age_hours=0.1)}},
        "snapshot",
        ["aurora_restore_snapshot_max_age_hours"],
    ),
    "pinned and missing": (
        {"wishes": {"snapshot": Wish(snapshot_id="lost")}, "world": {"snapshots": Fact([])}},
        "snapshot",
        ["aurora_restore_snapshot_id", "lost", "us-east-1"],
    ),
    "pinned and still creating": (
        {
            "wishes": {"snapshot": Wish(snapshot_id="young")},
            "world": {"snapshots": Fact([snapshot(name="young", Status="creating", SnapshotCreateTime=None)])},
        },
        "snapshot",
        ["aurora_restore_snapshot_id", "young", "creating"],
    ),
    "pinned of another cluster": (
        {"world": {"snapshots": Fact([snapshot(DBClusterIdentifier="other")])}},
        "snapshot_of_source",
        ["aurora_restore_source_cluster_id", "other"],
    ),
    "engine": (
        {"world": {"snapshots": Fact([snapshot(Engine="aurora-mysql")])}},
        "engine",
        ["aurora-mysql", "aurora-postgresql"],
    ),
    "version not offered": ({"versions": Fact([])}, "engine", ["17.4", "us-west-2"]),
    "unmarked": (
        {"world": {"target": Fact(target(TagList=[]))}},
        "target",
        ["aurora-restore:target", "aurora_restore_confirm_delete", "shop-staging"],
    ),
    "protected": (
        {"world": {"target": Fact(target(DeletionProtection=True))}},
        "target",
        ["aurora_restore_lift_deletion_protection"],
    ),
    "target unreadable": ({"world": {"target": DENIED}}, "target", ["aurora_restore_target_cluster_id"]),
    "nothing to take from": (
        {"world": {"target": Fact(None)}},
        "configuration",
        ["aurora_restore_db_subnet_group_name", "shop-staging"],
    ),
    "key disabled": (
        {"key": Fact({"Arn": KEY, "KeyState": "Disabled"})},
        "kms_key",
        ["aurora_restore_kms_key_id", "alias/shop", "Disabled"],
    ),
    "key missing": ({"key": Fact(None)}, "kms_key", ["aurora_restore_kms_key_id", "alias/shop-staging", "us-west-2"]),
    "key of another region": (
        {"wishes": {"kms_key_id": "arn:aws:kms:us-east-1:1:key/x"}, "key": Fact(None)},
        "kms_key",
        ["aurora_restore_kms_key_id", "us-east-1"],
    ),
    "no key": (
        {"wishes": {"kms_key_id": None}, "world": {"target": Fact(target(KmsKeyId=""))}, "key": Fact(asked=False)},
        "kms_key",
        ["aurora_restore_kms_key_id is needed"],
    ),
    "no master secret": (
        {"wishes": {"master_secret_id": None}, "world": {"master_secret": Fact(asked=False)}},
        "master_secret",
        ["aurora_restore_master_credentials_secret_id is needed"],
    ),
    "secret unreadable": (
        {"world": {"app_secret": DENIED}},
        "app_secret",
        ["aurora_restore_app_credentials_secret_id", "AccessDenied"],
    ),
    "password": (
        {"world": {"master_secret": Fact({"username": "dbadmin", "password": "sh@rt/", "database": "x"})}},
        "master_secret",
        ["shop/staging/master", "8 to 99"],
    ),
    "master user": (
        {"world": {"master_secret": Fact({"username": "root", "password": "a-Good_password1", "database": "x"})}},
        "master_secret",
        ["dbadmin", "shop/staging/master"],
    ),
    "database": (
        {"world": {"master_secret": Fact({"username": "dbadmin", "password": "a-Good_password1"})}},
        "master_secret",
        ["database", "aurora_restore_databases"],
    ),
    "subnet group": (
        {"subnet_group": Fact(None)},
        "subnet_group",
        ["aurora_restore_db_subnet_group_name", "shop-staging"],
    ),
    "zone": (
        {"subnet_group": Fact({"Subnets": [{"SubnetAvailabilityZone": {"Name": "us-west-2c"}}]})},
        "subnet_group",
        ["aurora_restore_instances", "us-west-2a"],
    ),
    "cluster parameter group": (
        {"cluster_parameter_group": Fact(None)},
        "parameter_groups",
        ["aurora_restore_db_cluster_parameter_group_name"],
    ),
    "family": (
        {"cluster_parameter_group": Fact({"DBParameterGroupFamily": "aurora-postgresql16"})},
        "parameter_groups",
        ["aurora-postgresql16", "aurora-postgresql17"],
    ),
    "instance parameter group": (
        {"parameter_groups": {"gone": Fact(None)}},
        "parameter_groups",
        ["aurora_restore_instances", "gone"],
    ),
    "security group": (
        {"security_groups": Fact([{"GroupId": "sg-1", "VpcId": "vpc-1"}])},
        "security_groups",
        ["aurora_restore_vpc_security_group_ids", "sg-2"],
    ),
    "security group of another VPC": (
        {"security_groups": Fact([{"GroupId": "sg-1", "VpcId": "vpc-1"}, {"GroupId": "sg-2", "VpcId": "vpc-9"}])},
        "security_groups",
        ["sg-2", "vpc-9", "vpc-1"],
    ),
    "class": ({"offers": {"db.z9.huge": Fact([])}}, "instance_classes", ["aurora_restore_instances", "db.z9.huge"]),
    "topic missing": ({"world": {"topic": Fact(None)}}, "topic", ["aurora_restore_sns_topic_arn", "aurora-restore"]),
    "topic of nowhere": (
        {"wishes": {"sns_topic_arn": "arn:aws:sns:moon-1:1:x"}, "world": {"topic": Fact(asked=False)}},
        "topic",
        ["aurora_restore_sns_topic_arn", "moon-1"],
    ),
    "no CA": (
        {"wishes": {"ca_file": None}, "world": {"ca": Fact(asked=False)}},
        "ca_cert",
        ["aurora_restore_db_ca_cert is needed"],
    ),
    "CA is something else": (
        {"world": {"ca": Fact("root:x:0:0")}},
        "ca_cert",
        ["aurora_restore_db_ca_cert", "/etc/ca.pem"],
    ),
    "CA is damaged": (
        {"world": {"ca": Fact("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}},
        "ca_cert",
        ["not a certificate"],
    ),
    "snapshot quota": (
        {"world": {"quotas": Fact([{"AccountQuotaName": "ManualClusterSnapshots", "Used": 99, "Max": 100}])}},
        "quotas",
        ["99 of 100", "2 more"],
    ),
    "state table": ({"world": {"state_table": DENIED}}, "state_table", ["aurora_restore_state_table"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad(name: str) -> None:
    differences, check, pieces = BAD[name]
    said = problems(case(**differences), check)
    assert said, "a problem is found"
    assert any(all(piece in sentence for piece in pieces) for sentence in said), said
    for sentence in said:
        assert "aurora_restore_" in sentence, "names a variable"
        assert sentence.endswith(".")


def entries(of: Case, name: str) -> list[tuple[str, bool]]:
    return [(item["status"], item["blocks"]) for item in checks.run_checks(of) if item["name"] == name]


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (Answer("rds:DeleteDBCluster", "x", "allowed"), ("passed", False)),
        (Answer("rds:DeleteDBCluster", "x", "implicitDeny"), ("failed", True)),
        (Answer("rds:DeleteDBCluster", "x", "implicitDeny", ("aws:SourceIp",)), ("unknown", False)),
        (Answer("sns:Publish", "x", "implicitDeny"), ("unknown", False)),
        (Answer("sns:Publish", "x", "explicitDeny"), ("failed", True)),
    ],
)
def test_what_iam_says(answer: Answer, wanted: tuple[str, bool]) -> None:
    assert entries(case(permissions=Fact([answer])), "permissions") == [wanted]


def test_what_could_not_be_seen_is_unknown() -> None:
    """And blocks only where a run could not do without it."""
    assert entries(case(world={"target": DENIED}), "target") == [("unknown", True)]
    assert entries(case(permissions=DENIED), "permissions") == [("unknown", False)]
    assert entries(case(world={"quotas": DENIED}), "quotas") == [("unknown", False)]
    assert entries(case(grant=DENIED), "kms_grant") == [("unknown", False)]


def test_a_database_of_another_network_may_be_reached_after_all() -> None:
    unreached = Fact[Any](error=Unreached("10.0.0.1:5432 can't be reached from here: timed out"))
    moved = {"overrides": {"db_subnet_group_name": "another"}}
    assert entries(case(database=unreached), "database") == [("failed", True)]
    assert entries(case(moved, database=unreached), "database") == [("unknown", False)]
    assert entries(case(database=Fact(error=NoLogin("it is reachable, but"))), "database") == [("unknown", False)]


def test_a_source_that_is_gone_can_still_be_restored() -> None:
    assert problems(case(world={"source": Fact(None)}), "source") == []
    assert problems(case(world={"source": Fact(None)}), "snapshot") == []


def test_what_was_not_asked_is_no_problem() -> None:
    """With an unknown source region nothing of it is read, and only the region is reported."""
    unasked: Fact[Any] = Fact(asked=False)
    bad = case(
        {"source_region": "us-west-9"}, {"source": unasked, "snapshots": unasked, "ca": unasked, "topic": unasked}
    )
    assert {sentence.split(" ")[0] for sentence in problems(bad)} == {"aurora_restore_source_region"}


def test_confirmed_by_name_and_lifted_by_option() -> None:
    world = {"target": Fact(target(TagList=[], DeletionProtection=True))}
    allowed = {"confirm_delete": "Shop-Staging", "lift_deletion_protection": True}
    assert problems(case(allowed, world), "target") == []


def test_same_region_needs_no_key() -> None:
    local = snapshot(DBClusterSnapshotArn="arn:aws:rds:us-west-2:123456789012:cluster-snapshot:s")
    differences: dict[str, Any] = {
        "wishes": {"kms_key_id": None},
        "world": {"snapshots": Fact([local]), "target": Fact(target(KmsKeyId=""))},
        "key": Fact(asked=False),
    }
    assert problems(case(**differences), "kms_key") == []


def test_class_is_not_blamed_for_a_version_that_is_not_offered() -> None:
    assert problems(case(versions=Fact([]), offers={"db.r6g.large": Fact([])}), "instance_classes") == []


def test_quotas_that_can_not_be_read_are_a_warning() -> None:
    (found,) = checks.check_quotas(case(world={"quotas": DENIED}))
    assert found.unknown
    assert not found.blocks
    assert "Quotas were not checked" in checks.warnings(case(world={"quotas": DENIED}))[0]


def test_what_would_be_lost_and_can_not_be_read_is_a_warning() -> None:
    unread = case(world={"custom_endpoints": DENIED, "scaling_policies": DENIED})
    assert [remark.split(",")[0] for remark in checks.warnings(unread)] == [
        "Whether shop-staging has custom endpoints",
        "Whether shop-staging has autoscaling policies",
    ]


def test_password_that_one_document_allows_is_a_warning() -> None:
    secret = Fact({"username": "dbadmin", "password": "it's a long one", "database": "shop"})
    assert problems(case(world={"master_secret": secret}), "master_secret") == []
    assert "shop/staging/master" in checks.warnings(case(world={"master_secret": secret}))[0]


@pytest.mark.parametrize("name", ["shop_app", "jane.doe", "a", "svc-1@prod", "_x$1", "x" * 63])
def test_good_user_names(name: str) -> None:
    assert user_name_problem(name) is None


@pytest.mark.parametrize(
    "name",
    ["", " app", 'a"b', "a'b", "a b", "a;DROP ROLE x", "a\\b", "a%s", "a,b", "x" * 64, "pg_monitor", "PG_x", "rdsadmin",
     "rds_superuser", "public", "1a", "a\n", "a\x00b", "ä"],
)  # fmt: skip
def test_bad_user_names(name: str) -> None:
    assert user_name_problem(name)


@pytest.mark.parametrize("users", [("same", "same"), ("dbadmin", "reader"), ("app", "dbadmin")])
def test_users_have_different_names(users: tuple[str, str]) -> None:
    secret = {**dict(WORLD.app_secret.value or {}), "app_username": users[0], "readonly_username": users[1]}
    assert any("different names" in sentence for sentence in problems(case(world={"app_secret": Fact(secret)})))


def test_no_sentence_holds_a_password() -> None:
    secret = Fact({"username": "dbadmin", "password": "hidden/@", "database": "shop"})
    assert "hidden" not in "".join(problems(case(world={"master_secret": secret})))


def test_source_identity() -> None:
    assert checks.source_identity(case(world={"source": Fact(None)}))["resource_id"] == "cluster-PRODUCTION"
    other = source(DbClusterResourceId="cluster-NEW")
    assert checks.source_identity(case(world={"source": Fact(other)}))["resource_id"] == "cluster-NEW"


def test_around_is_what_the_tests_think() -> None:
    assert set(AROUND.offers) == {item["db_instance_class"] for item in case().decision.configuration["instances"]}
