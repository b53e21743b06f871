# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator

import pytest
from rotation_world import World, watch_database
from sandbox.dataplane import DataPlane


@pytest.fixture(scope="module")
def made_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("rotation") / "sandbox"
    DataPlane.preflight(folder)
    world = World(folder)
    yield world
    world.close()
    DataPlane.cleanup(folder)


@pytest.fixture
def world(made_world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    watch_database(made_world, monkeypatch)
    return made_world
