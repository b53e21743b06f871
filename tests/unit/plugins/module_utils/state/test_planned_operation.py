# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operation that a plan names: begun once, resumed, and never another in its place."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Refused
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import closing
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import operation as operations
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.ulid import new_ulid
from state_world import FakeClock, start_of
from test_resumed_operation import begin, broken_off, dead


def items(client: Any, table: str, operation_id: str) -> list[dict[str, Any]]:
    return list(state_table.query_operation(client, table, operation_id))


def test_a_new_operation_gets_the_id_that_its_plan_names(client: Any, table: str, clock: FakeClock) -> None:
    planned = operations.plan(client, start_of(table, clock), wait=False).operation["id"]
    assert items(client, table, planned) == []
    assert begin(client, table, clock, new_operation_id=planned).operation["id"] == planned


def test_the_plan_of_the_plan_keeps_the_id(client: Any, table: str, clock: FakeClock) -> None:
    known = new_ulid()
    request = start_of(table, clock, new_operation_id=known)
    assert operations.plan(client, request, wait=False).operation["id"] == known
    assert operations.plan_anyhow(request, "no table").operation["id"] == known


def test_a_run_that_broke_off_is_resumed_with_the_same_plan(client: Any, table: str, clock: FakeClock) -> None:
    known = new_ulid()
    first = begin(client, table, clock, new_operation_id=known)
    again = begin(client, table, clock, new_operation_id=known, dead=dead)
    assert again.operation["id"] == first.operation["id"] == known
    assert again.resumed is not None


@pytest.mark.parametrize("status", ["succeeded", "aborted"])
def test_a_plan_is_carried_out_once(client: Any, table: str, clock: FakeClock, status: str) -> None:
    known = new_ulid()
    operation = begin(client, table, clock, new_operation_id=known).operation
    closing.finish(client, operation, status, None)
    with pytest.raises(Refused, match=f"carried out already: operation {known} of .* has {status}"):
        begin(client, table, clock, new_operation_id=known)
    with pytest.raises(Refused, match="carried out already"):
        operations.plan(client, start_of(table, clock, new_operation_id=known), wait=False)


def test_another_unfinished_operation_is_not_resumed_in_its_place(client: Any, table: str, clock: FakeClock) -> None:
    other, known = broken_off(client, table, clock), new_ulid()
    with pytest.raises(Refused, match=f"operation {other['id']} of .* is unfinished"):
        begin(client, table, clock, new_operation_id=known, dead=dead)
    assert items(client, table, known) == []
