# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease: who may take it, and what its writes say."""

from __future__ import annotations

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.lease import (
    Lease,
    Watch,
    decide,
    describe_owner,
    lease_result,
    renew_interval,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.owner import Owner
from state_world import owner


def lease(**more: object) -> Lease:
    values = {"owner": str(owner()), "operation_id": "OP", "fence": 3, "beat": 7, "seconds": 60, "held": True}
    return Lease(**{**values, **more})  # type: ignore[arg-type]


def alive(other: Owner, here: Owner) -> bool:
    return False


def dead(other: Owner, here: Owner) -> bool:
    return True


def test_no_lease_is_free() -> None:
    assert decide(None, Watch(), 0, owner(), alive).free


def test_released_lease_is_free() -> None:
    assert decide(lease(held=False), Watch(), 0, owner(), alive).free


def test_held_lease_is_not_free_and_says_who_holds_it() -> None:
    verdict = decide(lease(), Watch(), 0, owner(), alive)
    assert not verdict.free
    assert "operation OP" in verdict.reason
    assert "process 11 on runner-1" in verdict.reason


def test_lease_of_a_dead_process_is_free_at_once() -> None:
    verdict = decide(lease(), Watch(), 0, owner(), dead)
    assert verdict.free
    assert "11 is dead" in verdict.reason


def test_same_beat_for_the_leases_time_on_our_own_clock_frees_it() -> None:
    watch = Watch()
    assert not decide(lease(), watch, 1000, owner(), alive).free
    assert not decide(lease(), watch, 1059.9, owner(), alive).free
    assert decide(lease(), watch, 1060, owner(), alive).free


def test_a_beat_starts_the_time_again() -> None:
    watch = Watch()
    decide(lease(), watch, 1000, owner(), alive)
    assert not decide(lease(beat=8), watch, 1059, owner(), alive).free
    assert not decide(lease(beat=8), watch, 1118, owner(), alive).free
    assert decide(lease(beat=8), watch, 1119, owner(), alive).free


def test_another_owner_with_the_same_beat_starts_the_time_again() -> None:
    watch = Watch()
    decide(lease(beat=0), watch, 1000, owner(), alive)
    assert not decide(lease(fence=4, beat=0), watch, 1061, owner(), alive).free


def test_hold_counts_instead_of_the_normal_time() -> None:
    watch = Watch()
    decide(lease(seconds=900), watch, 0, owner(), alive)
    assert not decide(lease(seconds=900), watch, 899, owner(), alive).free


def test_an_owner_of_another_form_is_only_judged_by_time() -> None:
    assert not decide(lease(owner="somebody"), Watch(), 0, owner(), dead).free


@pytest.mark.parametrize(("seconds", "expected"), [(300, 15), (30, 10), (0.9, 0.5)])
def test_renewals_come_well_before_the_lease_runs_out(seconds: float, expected: float) -> None:
    assert renew_interval(seconds) == expected


def test_results() -> None:
    assert lease_result(None) is None
    assert lease_result(lease()) == {
        "held": True,
        "operation_id": "OP",
        "owner": str(owner()),
        "fence": 3,
        "beat": 7,
        "lease_seconds": 60,
        "renewed_at": "",
        "acquired_at": "",
        "holder": "runner-1:11",
    }
    assert "never" in describe_owner(lease())
