# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operations leave the state table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.expiry import decide_operations
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.operations import Operation, operations_of
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import Rules
from cleanup_world import NOW, TARGET_KEY, lease, operation, ulid, world

OP = ulid(1, days=100)
STEP = {"operation_id": OP, "step": "preflight", "status": "succeeded"}
PAST, FUTURE = int((NOW - timedelta(days=1)).timestamp()), int((NOW + timedelta(days=1)).timestamp())


@pytest.mark.parametrize(
    ("items", "goes", "reason"),
    [
        ([operation(OP, expires=-2), STEP], True, "it is succeeded, and has been expired for 2.0 days"),
        ([operation(OP, "aborted", expires=-2)], True, "it is aborted, and has been expired for 2.0 days"),
        ([operation(OP, "abandoned", expires=-2)], True, "it is abandoned, and has been expired for 2.0 days"),
        ([operation(OP, expires=2)], False, "it is succeeded, and expires in 2.0 days"),
        ([operation(OP)], False, "it is succeeded, and is kept for ever (a retention of 0 days)"),
        ([operation(OP, "running", expires=-2)], False, "it is unfinished (running)"),
        ([operation(OP, "failed", expires=-2)], False, "it is unfinished (failed)"),
        ([operation(OP, "", expires=-2)], False, "it is unfinished (without a status)"),
        ([operation(OP, expires=-2), lease(OP)], False, f"it holds the lease of {TARGET_KEY}"),
        ([{**STEP, "expires_at": PAST}], True, "its operation is gone, and the rest has been expired for 1.0 days"),
        ([{**STEP, "expires_at": FUTURE}, STEP], False, "it is what is left of one, and expires in 1.0 days"),
        ([STEP], True, "its operation is gone, and nothing else would ever remove the rest"),
        ([{**STEP, "operation_id": ulid(1, days=0.5)}], False, "it has no operation, but is young"),
    ],
)
def test_an_operation(items: list[dict[str, Any]], goes: bool, reason: str) -> None:
    (found,) = decide_operations(world(items=items), Rules())
    assert (found.verdict == "delete", found.reason) == (goes, reason)
    assert found.items == sum(not item["operation_id"].startswith("target#") for item in items)


def test_those_of_other_targets_leases_and_foreign_items_are_left_alone() -> None:
    others = [
        operation(OP, expires=-2, target="123456789012/us-west-2/other"),
        lease("", held=False) | {"expires_at": PAST},
        {"operation_id": f"target#{TARGET_KEY}", "step": "#latest", "expires_at": PAST},
        {"operation_id": "terraform-lock", "step": "x", "expires_at": PAST},
        {"operation_id": OP.lower(), "step": "#operation", "status": "succeeded", "expires_at": PAST},
    ]
    assert decide_operations(world(items=others), Rules()) == []


def test_the_time_of_an_operation_is_in_its_id() -> None:
    assert Operation(OP).began == NOW - timedelta(days=100)


def test_operations_of_a_table() -> None:
    older, newer = ulid(2, 5), ulid(3, 1)
    held, whole = operations_of(
        [lease(older), operation(newer, source=None), {"operation_id": newer, "step": "preflight"}]
    )
    assert (held.id, held.item, held.held_target, held.is_unfinished, held.source) == (
        older,
        None,
        TARGET_KEY,
        True,
        {},
    )
    assert (whole.id, len(whole.items), whole.held_target, whole.is_unfinished) == (newer, 2, None, False)
    assert "preflight" in whole.texts
