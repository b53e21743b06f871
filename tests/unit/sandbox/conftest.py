# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox of its own for each module that asks for it, with short durations."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from in_process import Aws
from live_sandbox import DURATIONS, Live, sandbox


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("sandbox") / "world"
    started = sandbox("up", folder, "--port", "0", "--durations", DURATIONS)
    assert started.returncode == 0, started.stderr
    try:
        yield Live(json.loads(started.stdout))
    finally:
        stopped = sandbox("down", folder)
    assert stopped.returncode == 0, stopped.stderr
    assert not folder.exists()


@pytest.fixture
def aws() -> Iterator[Aws]:
    made = Aws()
    yield made
    made.close()
