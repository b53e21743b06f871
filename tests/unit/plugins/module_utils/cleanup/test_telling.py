# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people are told, what it costs, and that the defaults are the same everywhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup import rules
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.telling import cost, lines
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import Decision, Rules
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput
from ansible_collections.dbops.aurora_restore.plugins.modules import cleanup
from cleanup_world import TARGET, copy, final, operation, snapshot, snapshot_arn, ulid, world

CHECKOUT = Path(__file__).resolve().parents[5]
PRICES = {"backup_storage": 0.021, "currency": "USD", "date": "2025", "source": "a list"}


def told(applied: bool = False, prices: Any = None, **sizes: int) -> list[str]:
    """Of two newer copies, an old one, one of another source, a final snapshot, an operation, and one by hand."""
    snapshots = [
        copy("new", 1), copy("newer", 2), copy("old", 8, AllocatedStorage=sizes.get("old", 100)),
        copy("other", 8, cluster="other"), copy("here", 8, of=snapshot_arn("x"), cluster=TARGET),
        copy("flying", None, Status="copying"),
        final(ulid(1), 80, AllocatedStorage=sizes.get("final", 0)), snapshot("by-hand", "x", 9, {}),
    ]  # fmt: skip
    seen = world(snapshots, items=[operation(ulid(5, 120), expires=-2), operation(ulid(6, 3), expires=87)])
    found = rules.decide(seen, Rules())
    by: dict[str, list[Decision]] = {"delete": [], "keep": [], "report": []}
    for item in found:
        by[item.verdict].append(item)
    costs = cost(by["delete"], by["keep"] + by["report"], PRICES if prices is None else prices)
    return lines(seen, by["delete"], by["keep"], by["report"], costs, applied, 1)


def test_a_list() -> None:
    assert told() == [
        "Target 123456789012/us-west-2/shop-staging, copies of 123456789012/us-east-1/shop-production:",
        "Would be deleted: copy old (available, 8 days old, 100 GiB, 2.10 USD a month): it is older than 7 days, and 2"
        " newer ones are there.",
        f"Would be deleted: operation {ulid(5, 120)} (1 items): it is succeeded, and has been expired for 2.0 days.",
        "Kept: copy new (available, 1 days old, 100 GiB, 2.10 USD a month): it is the newest copy of its source.",
        "Kept: copy newer (available, 2 days old, 100 GiB, 2.10 USD a month): it is one of the 2 newest.",
        "Kept: final snapshot shop-staging-final-00000001 (available, 80 days old, size and cost not known): it is the"
        " newest final snapshot of its target.",
        "Kept: 1 operation in the state table.",
        "Kept: 2 of other sources and targets.",
        "Look at: copy flying (copying, 100 GiB, 2.10 USD a month): it is copying. Its operation is over. Once it is"
        " available it is treated like every other copy.",
        "Not looked at: 1 manual snapshots that are not this collection's.",
        "Storage of what goes: 100 GiB, 2.10 USD a month; of what stays: 500 GiB, 10.50 USD a month, and 1 of unknown"
        " size.",
        "Nothing was deleted: -e aurora_restore_cleanup_apply=true does it.",
    ]


def test_what_was_done() -> None:
    done = told(applied=True)
    assert done[1].startswith("Deleted: copy old (") and done[2].startswith("Deleted: operation ")
    assert not [line for line in done if "apply" in line]


def test_an_unknown_price_or_size_is_said() -> None:
    assert "100 GiB, price not known" in told(prices={})[1]
    assert "size and cost not known" in told(old=1)[1]
    assert "Storage of what goes: size and cost not known;" in told(old=0)[-2]


def test_costs() -> None:
    sizes = {"a": 100, "b": None, "c": 50}
    decided = [Decision("delete", "copy", name, name, "", size_gib=size) for name, size in sizes.items()]
    found = cost(decided, [Decision("keep", "operation", "x", "x", "")], PRICES)
    assert found["deleted"] == {"gib": 150, "month": 3.15, "unknown": 1}
    assert found["kept"] == {"gib": 0, "month": 0.0, "unknown": 0}
    assert cost(decided, [], {})["deleted"] == {"gib": 150, "month": None, "unknown": 1}


def test_the_defaults_are_the_same_everywhere() -> None:
    wanted = asdict(Rules())
    assert {name: entry["default"] for name, entry in cleanup.SETTINGS.items()} == wanted
    defaults = yaml.safe_load((CHECKOUT / "roles/cleanup/defaults/main.yml").read_text())
    assert {name: defaults[f"cleanup_{name}"] for name in wanted} == wanted
    options = yaml.safe_load((CHECKOUT / "roles/cleanup/meta/argument_specs.yml").read_text())["argument_specs"]["main"]
    spec = options["options"]
    assert {name: entry["default"] for name, entry in spec.items() if not entry.get("required")} == defaults
    (play,) = yaml.safe_load((CHECKOUT / "playbooks/cleanup.yml").read_text())
    given = play["roles"][0]["vars"]
    assert set(given) == set(spec)
    for name, value in wanted.items():
        default = str(value).lower() if isinstance(value, bool) else f"{value:g}"
        assert f"default({default}, true)" in given[f"cleanup_{name}"]


def test_what_the_playbook_knows_is_what_it_uses() -> None:
    (play,) = yaml.safe_load((CHECKOUT / "playbooks/cleanup.yml").read_text())
    (names,) = (task["vars"]["__cleanup_known"] for task in play["pre_tasks"] if "vars" in task)
    known = set(names) - {"aurora_restore_cleanup_results"}
    used = " ".join(play["roles"][0]["vars"].values())
    assert known == {f"aurora_restore_cleanup_{name}" for name in (*asdict(Rules()), "apply")}
    assert all(name in used for name in known)


@pytest.mark.parametrize("name", ["keep_copies", "copies_older_than_days", "minimum_age_hours"])
@pytest.mark.parametrize("value", [-1, float("nan")])
def test_numbers_that_are_none_are_refused(name: str, value: float) -> None:
    with pytest.raises(BadInput, match=f"{name} must be a number that is not negative"):
        cleanup.settings_of({**asdict(Rules()), name: value})
