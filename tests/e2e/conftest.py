# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sandbox for each test module that asks for it; all tests of a module run on one worker."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

# So that what they assert is explained.
pytest.register_assert_rewrite("planned", "restored", "kill.trial")

from harness import Sandbox  # noqa: E402


# Before pytest-xdist looks at the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests of a module, but for those that say they need no company."""
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_collection_finish(session: pytest.Session) -> None:
    """On a worker, see that pytest-xdist has taken the groups: it appends them to the ids."""
    if getattr(session.config.option, "loadgroup", False):
        alone = [item.nodeid for item in session.items if "@" not in item.nodeid.rpartition("::")[2]]
        assert not alone, f"without a group: {', '.join(alone)}"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path_factory.mktemp("sandbox") / "world")
    made.up()
    yield made
    made.down()
    assert not made.dir.exists(), "the sandbox left files behind"
