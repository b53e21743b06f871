# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run resumes an operation, as a table of cases."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, Refused
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.resuming import Wanted, choose, differences

TARGET = "123456789012/us-west-2/shop-staging"
SOURCE = {"account": "123456789012", "region": "us-east-1", "cluster_id": "shop-production"}
INPUTS = {"snapshot_id": "", "kms_key_id": "alias/a", "configuration": {"port": 5432, "instances": []}}
NOW = datetime.datetime(2026, 11, 1, 12, tzinfo=datetime.timezone.utc)


def found(**values: Any) -> dict[str, Any]:
    known = {
        "operation_id": "OP1",
        "target": TARGET,
        "status": "running",
        "source": SOURCE,
        "inputs": INPUTS,
        "begun": True,
        "last_sign": "2026-11-01T11:00:00.000000Z",
    }
    return {**known, **values}


def wanted(**values: Any) -> Wanted:
    known: dict[str, Any] = {"target": TARGET, "source": SOURCE, "inputs": INPUTS}
    return Wanted(**{**known, **values})


@pytest.mark.parametrize(
    ("operation", "wish", "resumes", "says"),
    [
        (None, wanted(), None, "nothing to resume"),
        (found(status="succeeded"), wanted(), None, "nothing to resume"),
        (found(status="aborted"), wanted(), None, "nothing to resume"),
        (found(status="abandoned"), wanted(), None, "nothing to resume"),
        (found(), wanted(), "OP1", "is resumed (its run broke off)"),
        (found(status="failed"), wanted(), "OP1", "is resumed (failed)"),
        (found(status="failed", error={"step": "db_users"}), wanted(), "OP1", "(failed at db_users)"),
        (found(), wanted(mode="never"), None, "OP1 is abandoned, as asked"),
        (found(last_sign="2026-10-31T23:59:00Z"), wanted(), None, "its last sign of life was 12 hours ago"),
        (found(last_sign="2026-11-01T00:01:00Z"), wanted(), "OP1", "is resumed"),
        (found(last_sign="2026-10-01T00:00:00Z"), wanted(operation_id="OP1"), "OP1", "is resumed"),
        (found(last_sign="2026-10-31T23:59:00Z"), wanted(within_hours=24), "OP1", "is resumed"),
        (found(status="abandoned"), wanted(operation_id="OP1"), "OP1", "is resumed"),
        (found(inputs={}, source={}), wanted(mode="only"), "OP1", "is to be ended"),
        (found(last_sign="2020-01-01T00:00:00Z"), wanted(mode="only"), "OP1", "is to be ended"),
    ],
)
def test_choice(operation: Any, wish: Wanted, resumes: str | None, says: str) -> None:
    choice = choose(operation, wish, NOW)
    assert (choice.resumes or {}).get("operation_id") == resumes
    assert says in choice.reason
    assert choice.keep


@pytest.mark.parametrize(
    ("operation", "wish", "says"),
    [
        (None, wanted(operation_id="OP9"), "Operation OP9 does not exist"),
        (found(target="1/us-west-2/other"), wanted(operation_id="OP1"), "is one of 1/us-west-2/other, not of"),
        (found(status="succeeded"), wanted(operation_id="OP1"), "has succeeded"),
        (found(status="aborted"), wanted(operation_id="OP1"), "has aborted"),
        (found(), wanted(operation_id="OP1", mode="never"), "can't be resumed with resume: never"),
        (None, wanted(mode="only"), "There is no unfinished operation"),
        (found(status="succeeded"), wanted(mode="only"), "There is no unfinished operation"),
    ],
)
def test_what_can_not_be_resumed(operation: Any, wish: Wanted, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        choose(operation, wish, NOW)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"source": {**SOURCE, "cluster_id": "billing"}}, "source cluster_id was shop-production, is billing"),
        ({"source": {**SOURCE, "region": "eu-west-1"}}, "source region was us-east-1, is eu-west-1"),
        ({"inputs": {**INPUTS, "snapshot_id": "s2"}}, "snapshot_id was empty, is s2"),
        ({"inputs": {**INPUTS, "kms_key_id": "alias/b"}}, "kms_key_id was alias/a, is alias/b"),
        ({"inputs": {**INPUTS, "configuration": {"port": 5433}}}, 'configuration was {"port": "5432"}, is'),
    ],
)
def test_other_inputs_are_refused_once_something_was_begun(change: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused) as refused:
        choose(found(), wanted(**change), NOW)
    assert says in str(refused.value)
    assert "-e aurora_restore_resume=never" in str(refused.value)
    fresh = choose(found(begun=False), wanted(**change), NOW)
    assert fresh.resumes is not None
    assert not fresh.keep, "nothing was changed yet: the new inputs count, and what was pinned does not"
    assert "with new inputs" in fresh.reason


def test_empty_values_and_numbers_of_another_type_are_no_difference() -> None:
    same = {"snapshot_id": None, "kms_key_id": "alias/a", "configuration": {"port": 5432.0, "instances": None}}
    assert list(differences(found(), wanted(inputs=same))) == []
    assert list(differences(found(inputs={"port": 1}), wanted(inputs={"port": True}))) != []


def test_naming_the_snapshot_that_was_chosen_is_no_difference() -> None:
    pinned = {"db_cluster_snapshot_identifier": "s1", "db_cluster_snapshot_arn": "arn:s1"}
    for name in ("s1", "arn:s1"):
        assert list(differences(found(snapshot=pinned), wanted(inputs={**INPUTS, "snapshot_id": name}))) == []
    assert list(differences(found(snapshot=pinned), wanted(inputs={**INPUTS, "snapshot_id": "s2"}))) != []
