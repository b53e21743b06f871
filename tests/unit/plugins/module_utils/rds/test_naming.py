# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import naming
from rds_world import CREATED


def test_rules() -> None:
    assert naming.copy_id("Shop-Production", CREATED, "arn:s", "arn:k").startswith("shop-production-202603010200-")
    key = naming.short_key("01ARZ3NDEKTSV4RRFFQ69G5FAV", "ignored")
    assert naming.final_snapshot_id("shop-staging", key) == "shop-staging-final-q69g5fav"
    assert naming.member_id("shop-staging", key, 2) == "shop-staging-q69g5fav-2"
    assert (
        naming.short_key(None, "cluster-A")
        == naming.short_key(None, "cluster-A")
        != naming.short_key(None, "cluster-B")
    )


@pytest.mark.parametrize("length", [1, 40, 41, 42, 52, 63])
def test_at_most_63_and_valid(length: int) -> None:
    cluster_id = ("a" + "-b" * 31)[:length].rstrip("-")
    for made in (
        naming.copy_id(cluster_id, CREATED, "arn:s", None),
        naming.final_snapshot_id(cluster_id, "12345678"),
        naming.member_id(cluster_id, "12345678", 15),
    ):
        assert naming.id_problem(made) is None


@pytest.mark.parametrize("bad", ["", "1a", "a-", "a--b", "a_b", "a b", "a" * 64])
def test_bad_ids(bad: str) -> None:
    assert naming.id_problem(bad)
