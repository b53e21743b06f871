# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The operations that a state table has, with all their items, also those whose time is over. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.closing import OVER
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import EXPIRES, LEASE, OPERATION
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.ulid import ALPHABET

Item = Mapping[str, Any]

# Nothing of these goes on. Any other status, also one that only a newer version knows, may be gone on with.
FINISHED = (*OVER, "abandoned")
TARGET_PREFIX = "target#"
IS_ULID = re.compile(f"[0-7][{ALPHABET}]{{25}}")


@dataclass(frozen=True)
class Operation:
    """What the table has of one operation.

    :param item: the operation item; None where only steps or audit trail are left of it.
    :param items: all of its items.
    :param held_target: the target whose lease it holds, else None.
    """

    id: str
    item: Item | None = None
    items: Sequence[Item] = ()
    held_target: str | None = None

    @property
    def status(self) -> str:
        return str((self.item or {}).get("status") or "")

    @property
    def target(self) -> str | None:
        return (self.item or {}).get("target") or self.held_target

    @property
    def source(self) -> Mapping[str, Any]:
        return (self.item or {}).get("source") or {}

    @property
    def is_unfinished(self) -> bool:
        """Whether somebody may go on with it: it holds a lease, or has not come to an end."""
        return self.held_target is not None or (self.item is not None and self.status not in FINISHED)

    @property
    def has_chosen(self) -> bool:
        """Whether the snapshot that it restores is pinned."""
        return bool((self.item or {}).get("snapshot"))

    @property
    def expires(self) -> float | None:
        """When DynamoDB may remove it, in seconds since 1970; of one without an item the last of what is left."""
        if self.item is not None:
            return float(self.item[EXPIRES]) if self.item.get(EXPIRES) else None
        return max((float(item[EXPIRES]) for item in self.items if item.get(EXPIRES)), default=None)

    @property
    def began(self) -> datetime:
        """The time in its id."""
        milliseconds = 0
        for letter in self.id[:10]:
            milliseconds = milliseconds * 32 + ALPHABET.index(letter)
        return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)

    @cached_property
    def texts(self) -> frozenset[str]:
        """Every text in its items, in lower case: whatever it names is among them."""
        return frozenset(text for item in self.items for text in _texts(item))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.lower()
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            yield from _texts(entry)


def operations_of(items: Iterable[Item]) -> list[Operation]:
    """The operations of a table, oldest first. Items that are of none (leases, latest, foreign ones) make none.

    A lease that is held makes one also where the table has nothing else of its operation.
    """
    found: dict[str, list[Item]] = {}
    held: dict[str, str] = {}
    for item in items:
        key = str(item["operation_id"])
        if key.startswith(TARGET_PREFIX):
            if item.get("step") == LEASE and item.get("held"):
                held[str(item.get("held_by", ""))] = key.removeprefix(TARGET_PREFIX)
        elif IS_ULID.fullmatch(key):
            found.setdefault(key, []).append(item)
    return [
        Operation(
            key,
            next((item for item in found.get(key, ()) if item.get("step") == OPERATION), None),
            tuple(found.get(key, ())),
            held.get(key),
        )
        for key in sorted({*found, *held})
    ]
