# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fault in a restore, drawn from all that there can be: it succeeds, or fails clean and succeeds when run again.

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


def test_one_fault(reference: Reference, tmp_path: Path) -> None:
    drawn = draw(reference)
    print(drawn)
    faults.hit_and_run_again(drawn, reference[1], tmp_path, Result(str(drawn)))


def draw(reference: Reference) -> faults.Fault:
    """A fault at a call that changes something: of what is asked in waits there is now more, now less."""
    by_kind: dict[str, list[faults.Fault]] = {}
    for fault in faults.of(reference[0]):
        if fault.name in NAMES and fault.kind.changes and fault.kind.action != "UpdateItem":
            by_kind.setdefault(f"{fault.name} {fault.kind}", []).append(fault)
    chance = random.Random(SEED)
    return chance.choice(by_kind[chance.choice(sorted(by_kind))])
