# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions and what they are about: the service authorization reference, as the package parliament carries it.

Read on first use; the package itself is not imported, it needs more than its data.
"""

from __future__ import annotations

import importlib.util
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from sandbox.errors import SandboxError

# By service prefix and action, both in lower case: types of resources; True: one that is always there.
Actions = dict[str, dict[str, tuple[tuple[str, bool], ...]]]


@lru_cache(maxsize=1)
def _actions() -> Actions:
    found = importlib.util.find_spec("parliament")
    if found is None or not found.submodule_search_locations:
        raise SandboxError("IAM needs the package parliament, which says what AWS's actions are about: install it.")
    content = json.loads(Path(found.submodule_search_locations[0], "iam_definition.json").read_text(encoding="utf-8"))
    return {
        service["prefix"].lower(): {action["privilege"].lower(): _types(action) for action in service["privileges"]}
        for service in content
    }


def _types(action: dict[str, Any]) -> tuple[tuple[str, bool], ...]:
    names = [str(item["resource_type"]) for item in action["resource_types"]]
    return tuple((name.rstrip("*"), name.endswith("*")) for name in dict.fromkeys(names) if name)


def check() -> None:
    """
    :raises SandboxError: the data is not installed.
    """
    _actions()


def exists(action: str) -> bool:
    """Whether AWS has an action of that name, such as rds:CopyDBClusterSnapshot."""
    service, _colon, name = action.lower().partition(":")
    return name in _actions().get(service, {})


def resource_types(service: str, action: str) -> tuple[tuple[str, bool], ...]:
    """The types of resources that an action is about, and which of them always."""
    return _actions().get(service, {}).get(action.lower(), ())
