# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fault in each restore, drawn from all that there can be: it succeeds, or fails clean and succeeds when run again.

Every fault at every call: make test-kill ARGS=--faults.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from kill import faults
from kill.trial import Reference, Result, shared_reference

SEED = 10
# Lost answers and throttling at many calls are scenarios (test_scenarios), expired credentials test_credentials.
NAMES = ("dropped", "failure")


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Reference:
    return shared_reference(tmp_path_factory.getbasetemp(), worker_id)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.xdist_group(f"fault-{name}")) for name in NAMES],
)
def test_one_fault(name: str, reference: Reference, tmp_path: Path) -> None:
    drawn = draw(name, reference)
    print(drawn)
    faults.hit_and_run_again(drawn, reference[1], tmp_path, Result(str(drawn)))


def draw(name: str, reference: Reference) -> faults.Fault:
    """One such fault at a call that changes something: of what is asked in waits there is now more, now less."""
    by_kind: dict[str, list[faults.Fault]] = {}
    for fault in faults.of(reference[0]):
        if fault.name == name and fault.kind.changes and fault.kind.action != "UpdateItem":
            by_kind.setdefault(str(fault.kind), []).append(fault)
    chance = random.Random(f"{SEED}/{name}")
    return chance.choice(by_kind[chance.choice(sorted(by_kind))])
