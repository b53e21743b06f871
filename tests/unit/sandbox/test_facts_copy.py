# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CopyDBClusterSnapshot: names, keys, quotas, provenance, copies that wait, snapshots of other accounts.

Sources: CopyDBClusterSnapshot and ModifyDBClusterSnapshotAttribute in botocore's model; Aurora user guide, "DB cluster
snapshot copying" (aurora-copy-snapshot.html), "Sharing a DB cluster snapshot" (aurora-share-snapshot.html) and "Quotas
and constraints for Amazon Aurora" (CHAP_Limits.html); messages as awslabs/aurora-snapshot-tool#25, #26 and #29 quote
them.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from in_process import ACCOUNT, AWAY, HOME, OTHER_ACCOUNT, Aws
from live_sandbox import refused


@pytest.fixture
def source(aws: Aws) -> dict[str, Any]:
    """An encrypted snapshot in the other region."""
    return aws.away()


def test_a_copy_shows_its_progress_and_its_time_only_at_the_end(aws: Aws, source: dict[str, Any]) -> None:
    key = aws.key()
    started = aws.copy(source, "copy", KmsKeyId=key)
    assert (started["Status"], started["PercentProgress"]) == ("copying", 0)
    assert "SnapshotCreateTime" not in started
    aws.pass_time(60)
    during = aws.see_snapshot("copy")
    assert (during["Status"], during["PercentProgress"]) == ("copying", 60) and "SnapshotCreateTime" not in during
    aws.pass_time(40)
    after = aws.see_snapshot("copy")
    assert (after["Status"], after["PercentProgress"]) == ("available", 100) and after["SnapshotCreateTime"]
    assert after["KmsKeyId"] == key and after["StorageEncrypted"] and after["StorageEncryptionType"] == "sse-kms"


def test_a_copy_is_manual_and_says_where_it_comes_from(aws: Aws, source: dict[str, Any]) -> None:
    aws.copy(source, "Copy")
    aws.settle()
    copy = aws.see_snapshot("copy")
    assert copy["SnapshotType"] == "manual"
    assert copy["SourceDBClusterSnapshotArn"] == source["DBClusterSnapshotArn"]
    for same in ("DBClusterIdentifier", "DbClusterResourceId", "EngineVersion", "MasterUsername", "ClusterCreateTime"):
        assert copy[same] == source[same]
    shape = aws.rds.meta.service_model.shape_for("DBClusterSnapshot")
    assert "OriginalSnapshotCreateTime" not in shape.members, "the source's time is nowhere on a copy"


@pytest.mark.parametrize("name", ["rds:x", "1x", "-x", "x-", "a--b", "a_b", "x" * 64])
def test_names_of_copies_have_the_form_of_ids(aws: Aws, source: dict[str, Any], name: str) -> None:
    with refused("InvalidParameterValue", "TargetDBClusterSnapshotIdentifier"):
        aws.copy(source, name)


def test_a_name_is_taken_whatever_its_case(aws: Aws, source: dict[str, Any]) -> None:
    aws.copy(source, "copy")
    with refused("DBClusterSnapshotAlreadyExistsFault", "copy"):
        aws.copy(source, "COPY")


def test_automated_snapshots_are_valid_sources(aws: Aws, source: dict[str, Any]) -> None:
    """Their ids begin with rds:; made here by hand, since nobody can create them."""
    made = _make_automated(aws)
    copy = aws.copy(made, "copy")
    assert copy["SourceDBClusterSnapshotArn"].endswith(":cluster-snapshot:rds:production-2026-01-01-00-00")
    aws.settle()
    assert aws.see_snapshot("copy")["SnapshotType"] == "manual"


def _make_automated(aws: Aws) -> dict[str, Any]:
    from moto.rds.models import rds_backends

    backend = rds_backends[ACCOUNT][AWAY]
    snapshot = backend.cluster_snapshots.pop("nightly")
    snapshot.snapshot_type = "automated"
    snapshot.db_cluster_snapshot_identifier = name = "rds:production-2026-01-01-00-00"
    backend.cluster_snapshots[name] = snapshot
    return aws.see_snapshot(name, AWAY, SnapshotType="automated")


def test_across_regions_an_arn_is_needed(aws: Aws, source: dict[str, Any]) -> None:
    with refused("DBClusterSnapshotNotFoundFault", "nightly", 404):
        aws.copy(source, "copy", SourceDBClusterSnapshotIdentifier="nightly")


def test_only_an_available_snapshot_is_copied(aws: Aws) -> None:
    aws.cluster("production", AWAY)
    creating = aws.source.create_db_cluster_snapshot(
        DBClusterIdentifier="production", DBClusterSnapshotIdentifier="creating"
    )["DBClusterSnapshot"]
    with refused("InvalidDBClusterSnapshotStateFault", "creating"):
        aws.copy(creating, "copy", SourceRegion=AWAY)
    with refused("DBClusterSnapshotNotFoundFault", "nobody", 404):
        aws.copy({"DBClusterSnapshotArn": f"arn:aws:rds:{AWAY}:{ACCOUNT}:cluster-snapshot:nobody"}, "copy")


def test_a_copy_that_fails_says_so_only_to_whoever_looks(aws: Aws, source: dict[str, Any]) -> None:
    """There is no event for it."""
    aws.plane.snapshots.clear()
    aws.copy(source, "copy")
    aws.settle()
    failed = aws.see_snapshot("copy")
    assert failed["Status"] == "failed" and "SnapshotCreateTime" not in failed
    assert not aws.rds.describe_events(SourceType="db-cluster-snapshot")["Events"]
    with refused("InvalidDBClusterSnapshotStateFault", "failed"):
        aws.restore("copy", "restored")
    aws.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy")


def test_a_source_that_is_deleted_before_a_copy_is_through_its_queue_makes_it_fail(
    aws: Aws, source: dict[str, Any]
) -> None:
    aws.copy(source, "first")
    aws.copy(source, "second")
    aws.source.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="nightly")
    aws.settle()
    assert aws.see_snapshot("first")["Status"] == "available"
    assert aws.see_snapshot("second")["Status"] == "failed"


@pytest.mark.parametrize("operation", ["CopyDBClusterSnapshot", "RestoreDBClusterFromSnapshot"])
def test_calls_have_no_idempotency_token_so_a_repeated_one_meets_its_own_work(
    aws: Aws, source: dict[str, Any], operation: str
) -> None:
    members = aws.rds.meta.service_model.operation_model(operation).input_shape.members
    assert not [name for name in members if "Token" in name]
    aws.copy(source, "copy")
    with refused("DBClusterSnapshotAlreadyExistsFault"):
        aws.copy(source, "copy")
    aws.settle()
    aws.restore("copy", "restored")
    with refused("DBClusterAlreadyExistsFault"):
        aws.restore("copy", "restored")


# ---- keys


def test_an_encrypted_copy_across_regions_needs_a_key(aws: Aws, source: dict[str, Any]) -> None:
    with refused("InvalidParameterValue", "Must specify new KMS key for cross region encrypted snapshot copy."):
        aws.rds.copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=source["DBClusterSnapshotArn"],
            TargetDBClusterSnapshotIdentifier="copy", SourceRegion=AWAY,
        )  # fmt: skip


def test_within_a_region_the_source_key_is_kept(aws: Aws, source: dict[str, Any]) -> None:
    copied = aws.source.copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier="NIGHTLY", TargetDBClusterSnapshotIdentifier="copy"
    )["DBClusterSnapshot"]
    assert copied["KmsKeyId"] == source["KmsKeyId"]


@pytest.mark.parametrize("which", ["of the source region", "disabled", "nobody's", "for signing"])
def test_the_key_must_be_an_enabled_symmetric_one_of_the_destination(
    aws: Aws, source: dict[str, Any], which: str
) -> None:
    kms = aws.client("kms")
    disabled = aws.key()
    kms.disable_key(KeyId=disabled)
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["Arn"]
    keys = {"of the source region": aws.key(AWAY), "disabled": disabled, "nobody's": "alias/x", "for signing": signing}
    with refused("KMSKeyNotAccessibleFault", "The target KMS key"):
        aws.copy(source, "copy", KmsKeyId=keys[which])


def test_the_source_key_must_be_enabled(aws: Aws, source: dict[str, Any]) -> None:
    aws.client("kms", AWAY).disable_key(KeyId=source["KmsKeyId"])
    with refused("KMSKeyNotAccessibleFault", "The source snapshot KMS key"):
        aws.copy(source, "copy")
    aws.client("kms", AWAY).enable_key(KeyId=source["KmsKeyId"])
    aws.copy(source, "copy")


def test_a_presigned_url_of_the_source_region_is_needed(aws: Aws, source: dict[str, Any]) -> None:
    """boto3 makes it from SourceRegion, which itself never goes on the wire."""
    given = {
        "SourceDBClusterSnapshotIdentifier": source["DBClusterSnapshotArn"],
        "TargetDBClusterSnapshotIdentifier": "copy",
        "KmsKeyId": aws.key(),
    }
    with refused("InvalidParameterCombination", "PreSignedUrl"):
        aws.rds.copy_db_cluster_snapshot(**given)
    with refused("InvalidParameterValue", "PreSignedUrl could not be authenticated."):
        aws.rds.copy_db_cluster_snapshot(**given, SourceRegion="eu-west-1")


def test_aws_owned_encryption_is_sse_rds_and_its_copies_may_be_given_a_key(aws: Aws) -> None:
    """New clusters have it since 2026-02-18. A copy with a key is undocumented and taken to work."""
    source = aws.away(KmsKeyId="", StorageEncrypted=False)
    assert (source["StorageEncryptionType"], source["StorageEncrypted"]) == ("sse-rds", False)
    assert "KmsKeyId" not in source
    plain = aws.rds.copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier=source["DBClusterSnapshotArn"], TargetDBClusterSnapshotIdentifier="plain"
    )["DBClusterSnapshot"]
    assert (plain["StorageEncryptionType"], plain["StorageEncrypted"]) == ("sse-rds", False)
    key = aws.key()
    given = aws.copy(source, "keyed", KmsKeyId=key)
    assert (given["StorageEncryptionType"], given["KmsKeyId"]) == ("sse-kms", key)


# ---- tags


def test_copy_tags_counts_only_without_tags(aws: Aws) -> None:
    aws.cluster("production", AWAY)
    source = aws.snapshot("production", "nightly", AWAY, Tags=[{"Key": "a", "Value": "b"}])
    assert aws.copy(source, "none", KmsKeyId=aws.key())["TagList"] == []
    assert aws.copy(source, "same", CopyTags=True)["TagList"] == [{"Key": "a", "Value": "b"}]
    other = [{"Key": "c", "Value": "d"}]
    assert aws.copy(source, "other", CopyTags=True, Tags=other)["TagList"] == other


@pytest.mark.parametrize("prefix", ["aws:", "AWS:", "rds:"])
def test_reserved_tags_are_refused(aws: Aws, source: dict[str, Any], prefix: str) -> None:
    with refused("InvalidParameterValue", "Tag keys cannot start with the reserved prefix"):
        aws.copy(source, "copy", Tags=[{"Key": f"{prefix}x", "Value": "y"}])


# ---- how many


def test_at_most_five_copies_from_other_regions_are_in_progress(aws: Aws, source: dict[str, Any]) -> None:
    for number in range(5):
        aws.copy(source, f"copy-{number}")
    with refused("SnapshotQuotaExceeded", "Cannot copy more than 5 snapshots across regions"):
        aws.copy(source, "copy-5")
    aws.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="copy-0")  # which cancels it
    aws.copy(source, "copy-5")


def test_a_hundred_manual_snapshots_is_another_message_of_the_same_code(aws: Aws, source: dict[str, Any]) -> None:
    aws.runtime.limits = dataclasses.replace(aws.runtime.limits, manual_snapshots=2)
    for number in range(2):
        aws.copy(source, f"copy-{number}")
    with refused("SnapshotQuotaExceeded", "Cannot create more than 2 manual snapshots"):
        aws.copy(source, "copy-2")
    assert aws.runtime.limits.__class__().manual_snapshots == 100


def test_copies_of_one_snapshot_queue_without_progress(aws: Aws, source: dict[str, Any]) -> None:
    for name in ("first", "second", "third"):
        aws.copy(source, name)
    aws.pass_time(99)
    seen = {name: aws.see_snapshot(name) for name in ("first", "second", "third")}
    assert {name: item["Status"] for name, item in seen.items()} == dict.fromkeys(seen, "copying")
    assert [item["PercentProgress"] for item in seen.values()] == [99, 0, 0]
    aws.pass_time(51.5)
    assert aws.see_snapshot("first")["Status"] == "available"
    assert 45 <= aws.see_snapshot("second")["PercentProgress"] <= 51
    assert aws.see_snapshot("third")["PercentProgress"] == 0
    aws.settle()
    assert {aws.see_snapshot(name)["Status"] for name in seen} == {"available"}


def test_a_cancelled_copy_lets_the_next_one_begin(aws: Aws, source: dict[str, Any]) -> None:
    for name in ("first", "second", "third"):
        aws.copy(source, name)
    aws.pass_time(10)
    for name in ("second", "first"):  # one that waits, one that has begun
        aws.rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
    with refused("DBClusterSnapshotNotFoundFault", status=404):
        aws.see_snapshot("first")
    aws.pass_time(100.5)
    assert aws.see_snapshot("third")["Status"] == "available"


def test_copies_of_different_snapshots_do_not_wait_for_each_other(aws: Aws, source: dict[str, Any]) -> None:
    other = aws.snapshot("production", "other", AWAY)
    aws.copy(source, "first")
    aws.copy(other, "second")
    aws.pass_time(100)
    assert aws.see_snapshot("first")["Status"] == aws.see_snapshot("second")["Status"] == "available"


# ---- snapshots of other accounts


def share(aws: Aws, name: str, *accounts: str, remove: tuple[str, ...] = ()) -> Any:
    return aws.source.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier=name, AttributeName="restore", ValuesToAdd=list(accounts),
        ValuesToRemove=list(remove),
    )["DBClusterSnapshotAttributesResult"]  # fmt: skip


def open_key(aws: Aws, key: str) -> None:
    """Let the other account use a key, by the key's policy."""
    principals = [f"arn:aws:iam::{account}:root" for account in (ACCOUNT, OTHER_ACCOUNT)]
    statement = {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("kms", AWAY).put_key_policy(KeyId=key, PolicyName="default", Policy=policy)


def test_a_snapshot_of_another_account_is_found_only_when_shared(aws: Aws, source: dict[str, Any]) -> None:
    other, arn = aws.client("rds", AWAY, OTHER_ACCOUNT), source["DBClusterSnapshotArn"]
    with refused("DBClusterSnapshotNotFoundFault", status=404):
        other.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=arn)
    assert not other.describe_db_cluster_snapshots(SnapshotType="shared")["DBClusterSnapshots"]
    share(aws, "nightly", OTHER_ACCOUNT)
    assert not other.describe_db_cluster_snapshots()["DBClusterSnapshots"], "only with IncludeShared"
    for wanted in ({"SnapshotType": "shared"}, {"IncludeShared": True}, {"DBClusterSnapshotIdentifier": arn}):
        (found,) = other.describe_db_cluster_snapshots(**wanted)["DBClusterSnapshots"]
        assert found["DBClusterSnapshotArn"] == found["DBClusterSnapshotIdentifier"] == arn
    with refused("DBClusterSnapshotNotFoundFault", status=404):
        other.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="nightly")
    share(aws, "nightly", remove=(OTHER_ACCOUNT,))
    assert not other.describe_db_cluster_snapshots(IncludeShared=True)["DBClusterSnapshots"]


def test_a_copy_of_a_shared_encrypted_snapshot_needs_a_key_and_access_to_the_sources(
    aws: Aws, source: dict[str, Any]
) -> None:
    other = aws.client("rds", AWAY, OTHER_ACCOUNT)
    share(aws, "nightly", OTHER_ACCOUNT)
    given = {
        "SourceDBClusterSnapshotIdentifier": source["DBClusterSnapshotArn"],
        "TargetDBClusterSnapshotIdentifier": "copy",
    }
    own = aws.key(AWAY, OTHER_ACCOUNT)
    with refused("KMSKeyNotAccessibleFault", "The source snapshot KMS key"):
        other.copy_db_cluster_snapshot(**given, KmsKeyId=own)
    open_key(aws, source["KmsKeyId"])
    with refused("InvalidParameterValue", "KMS key"):
        other.copy_db_cluster_snapshot(**given)
    assert other.copy_db_cluster_snapshot(**given, KmsKeyId=own)["DBClusterSnapshot"]["KmsKeyId"] == own
    aws.settle()
    assert other.describe_db_cluster_snapshots()["DBClusterSnapshots"][0]["Status"] == "available"


def test_a_shared_snapshot_is_not_copied_across_regions_in_one_step(aws: Aws, source: dict[str, Any]) -> None:
    """AWS's pages contradict each other; this is the stricter one."""
    share(aws, "nightly", OTHER_ACCOUNT)
    open_key(aws, source["KmsKeyId"])
    with refused("InvalidParameterValue", "across regions"):
        aws.client("rds", HOME, OTHER_ACCOUNT).copy_db_cluster_snapshot(
            SourceDBClusterSnapshotIdentifier=source["DBClusterSnapshotArn"], SourceRegion=AWAY,
            TargetDBClusterSnapshotIdentifier="copy", KmsKeyId=aws.key(HOME, OTHER_ACCOUNT),
        )  # fmt: skip


def test_a_shared_snapshot_is_restored_by_its_arn_under_the_source_accounts_key(
    aws: Aws, source: dict[str, Any]
) -> None:
    other = aws.client("rds", AWAY, OTHER_ACCOUNT)
    share(aws, "nightly", OTHER_ACCOUNT)
    given = {"DBClusterIdentifier": "theirs", "Engine": "aurora-postgresql", "EngineVersion": "17.5"}
    with refused("DBClusterSnapshotNotFoundFault", status=404):
        other.restore_db_cluster_from_snapshot(SnapshotIdentifier="nightly", **given)
    with refused("KMSKeyNotAccessibleFault"):
        other.restore_db_cluster_from_snapshot(SnapshotIdentifier=source["DBClusterSnapshotArn"], **given)
    open_key(aws, source["KmsKeyId"])
    restored = other.restore_db_cluster_from_snapshot(SnapshotIdentifier=source["DBClusterSnapshotArn"], **given)
    assert restored["DBCluster"]["KmsKeyId"] == source["KmsKeyId"]


def test_a_snapshot_is_shared_with_at_most_twenty_accounts(aws: Aws, source: dict[str, Any]) -> None:
    accounts = [f"{number:012d}" for number in range(20)]
    assert share(aws, "nightly", *accounts)["DBClusterSnapshotAttributes"][0]["AttributeValues"] == accounts
    with refused("SharedSnapshotQuotaExceeded"):
        share(aws, "nightly", OTHER_ACCOUNT)


def test_what_the_default_key_encrypts_and_what_is_automated_cannot_be_shared(aws: Aws) -> None:
    aws.away(KmsKeyId="alias/aws/rds")
    with refused("InvalidDBClusterSnapshotStateFault", "default key"):
        share(aws, "nightly", OTHER_ACCOUNT)
    name = _make_automated(aws)["DBClusterSnapshotIdentifier"]
    with refused("InvalidDBClusterSnapshotStateFault", "copy it first"):
        share(aws, name, OTHER_ACCOUNT)
    with refused("DBClusterSnapshotNotFoundFault", status=404):
        share(aws, "nobody", OTHER_ACCOUNT)


def test_an_encrypted_snapshot_cannot_be_public(aws: Aws, source: dict[str, Any]) -> None:
    with refused("InvalidParameterCombination", "public"):
        share(aws, "nightly", "all")
