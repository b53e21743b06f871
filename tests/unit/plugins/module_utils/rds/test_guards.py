# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.guards import (
    DeleteWish,
    delete_refusals,
    key_problem,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster
from rds_world import cluster

SOURCE = {"account": "123456789012", "region": "us-east-1", "cluster_id": "shop-production", "resource_id": "cluster-P"}
WISH = DeleteWish(source=SOURCE, resource_id="cluster-OLD")


def made(**values: Any) -> Cluster:
    return Cluster.from_boto(cluster(**values))


def test_a_marked_cluster_may_be_deleted() -> None:
    assert delete_refusals(made(), WISH) == []


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ({"region": "us-west-2", "cluster_id": "shop-staging"}, True),
        ({"region": "us-west-2", "cluster_id": "SHOP-staging", "account": "123456789012"}, True),
        ({"region": "us-west-2", "cluster_id": "shop-staging", "account": "999999999999"}, False),
        ({"region": "us-east-1", "cluster_id": "shop-staging"}, False),
        ({"resource_id": "cluster-OLD"}, True),
        ({"region": "us-west-2", "cluster_id": "renamed", "resource_id": "cluster-OLD"}, True),
        (None, False),
    ],
)
def test_never_the_source(source: dict[str, str] | None, refused: bool) -> None:
    confirmed = replace(WISH, source=source, confirm="shop-staging", lift_deletion_protection=True)
    messages = [item.message for item in delete_refusals(made(), confirmed)]
    assert any("is the source" in message for message in messages) is refused


@pytest.mark.parametrize("status", ["deleting", "restore-failed"])
def test_never_the_source_whatever_its_status(status: str) -> None:
    wish = DeleteWish(source={"resource_id": "cluster-OLD"}, operation_id="01")
    found = made(Status=status, tags={"aurora-restore:operation-id": "01"})
    assert [item.message for item in delete_refusals(found, wish)] != []


@pytest.mark.parametrize(
    ("tags", "confirm", "allowed"),
    [
        ({"aurora-restore:target": "true"}, None, True),
        ({"aurora-restore:target": "True"}, None, True),
        ({"aurora-restore:target": "false"}, None, False),
        ({}, None, False),
        ({}, "shop-staging", True),
        ({}, "Shop-Staging", True),
        ({}, "another", False),
    ],
)
def test_mark_or_confirmation(tags: dict[str, str], confirm: str | None, allowed: bool) -> None:
    refusals = delete_refusals(made(tags=tags), replace(WISH, confirm=confirm))
    assert [item.variable for item in refusals] == ([] if allowed else ["aurora_restore_confirm_delete"])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"DbClusterResourceId": "cluster-NEW"}, "not the one that was checked"),
        ({"DeletionProtection": True}, "deletion protection"),
        ({"GlobalClusterIdentifier": "world"}, "global cluster world"),
        ({"ReplicationSourceIdentifier": "arn:other"}, "replica of arn:other"),
        ({"ReadReplicaIdentifiers": ["arn:one"]}, "has replicas"),
        ({"Status": "inaccessible-encryption-credentials"}, "no final snapshot can be taken"),
    ],
)
def test_other_reasons(values: dict[str, Any], words: str) -> None:
    (refusal,) = delete_refusals(made(**values), WISH)
    assert words in refusal.message


def test_all_reasons_at_once() -> None:
    found = made(tags={}, DeletionProtection=True, DbClusterResourceId="cluster-NEW")
    assert len(delete_refusals(found, WISH)) == 3


def test_own_wreck_needs_no_mark() -> None:
    tags = {"aurora-restore:operation-id": "01"}
    found = made(Status="restore-failed", tags=tags, DeletionProtection=True, DbClusterResourceId="cluster-NEW")
    assert delete_refusals(found, replace(WISH, operation_id="01")) == []
    # Never completed by whomever: nothing to lose, but still not the cluster that was checked.
    (refusal,) = delete_refusals(found, replace(WISH, operation_id="02"))
    assert "not the one that was checked" in refusal.message


def test_a_completed_restore_is_no_wreck() -> None:
    tags = {"aurora-restore:operation-id": "01", "aurora-restore:restored": "01", "aurora-restore:target": "true"}
    found = made(Status="inaccessible-encryption-credentials", tags=tags)
    (refusal,) = delete_refusals(found, replace(WISH, operation_id="02"))
    assert "no final snapshot can be taken" in refusal.message


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({}, None),
        ({"KeyState": "Disabled"}, "is Disabled"),
        ({"Arn": "arn:aws:kms:us-east-1:1:key/k"}, "is in us-east-1"),
        ({"KeyUsage": "SIGN_VERIFY"}, "not for encryption"),
        ({"KeySpec": "RSA_2048"}, "symmetric"),
    ],
)
def test_keys(metadata: dict[str, str], words: str | None) -> None:
    problem = key_problem({"Arn": "arn:aws:kms:us-west-2:1:key/k", "KeyState": "Enabled", **metadata}, "us-west-2")
    assert problem is None if words is None else words in str(problem)
