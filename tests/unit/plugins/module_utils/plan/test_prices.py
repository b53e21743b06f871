# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The price table: the shipped one is well formed, the inventory's wins, and what is wrong with one is said."""

from __future__ import annotations

import copy
import json
import pathlib
import re
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import prices
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.prices import SHIPPED, merged, problem

PAGE = pathlib.Path(__file__).parents[5] / "docs/docsite/rst/plan_estimates.rst"
SIZES = {
    "medium": 0.5,
    "large": 1,
    "xlarge": 2,
    **{f"{number}xlarge": number * 2 for number in (2, 4, 8, 12, 16, 24, 48)},
}


def test_the_shipped_table_is_what_an_inventory_may_give() -> None:
    assert problem(SHIPPED) is None
    assert json.loads(json.dumps(SHIPPED)) == SHIPPED


@pytest.mark.parametrize("region", SHIPPED)
def test_every_shipped_region_says_of_when_and_from_where(region: str) -> None:
    assert re.fullmatch(r"20\d\d(-\d\d-\d\d)?", SHIPPED[region]["date"])
    assert "https://" in SHIPPED[region]["source"]
    assert SHIPPED[region]["currency"] == prices.CURRENCY


def test_a_class_costs_by_its_size() -> None:
    """A slip of the pen would stand out: within a family, an hour costs as much per size everywhere."""
    by_family: dict[str, set[float]] = {}
    for values in SHIPPED.values():
        for name, price in (values.get("instances") or {}).items():
            _db, family, size = name.split(".")
            by_family.setdefault(family, set()).add(price / SIZES[size])
    assert set(by_family) == {"t3", "t4g", "r5", "r6g", "r7g", "r8g"}
    for family, units in by_family.items():
        assert max(units) / min(units) < 1.01, family


def test_the_page_shows_the_shipped_table() -> None:
    """One row each: region, what, price."""
    page = PAGE.read_text(encoding="utf-8")
    shown = set(re.findall(r"  \* - (\S+)\n    - ``(\S+)``\n    - (\S+)\n", page))
    wanted = set()
    for region, values in SHIPPED.items():
        for key in prices.NUMBERS:
            if key in values:
                wanted.add((region, key, f"{values[key]:g}"))
        for key in prices.TABLES:
            wanted |= {(region, f"{key}.{item}", f"{price:g}") for item, price in (values.get(key) or {}).items()}
    assert shown == wanted


def test_what_is_given_wins() -> None:
    before = copy.deepcopy(SHIPPED)
    given = {
        "us-east-1": {"acu": 0.1, "instances": {"db.r6g.large": 0.2, "db.r6i.large": 0.3}, "source": "our contract"},
        "eu-central-1": {"storage": 0.119},
    }
    table = merged(SHIPPED, given)
    east = table["us-east-1"]
    assert (east["acu"], east["storage"]) == (0.1, SHIPPED["us-east-1"]["storage"])
    assert east["instances"] == {**SHIPPED["us-east-1"]["instances"], "db.r6g.large": 0.2, "db.r6i.large": 0.3}
    assert east["source"].startswith("our contract; what it lacks: AWS Price List")
    assert east["date"] == SHIPPED["us-east-1"]["date"]
    assert table["eu-central-1"] == {"currency": "USD", "source": "aurora_restore_prices", "storage": 0.119}
    assert table["us-west-2"] == SHIPPED["us-west-2"]
    assert before == SHIPPED, "the shipped table was changed"


def test_nothing_given_leaves_the_shipped_table() -> None:
    assert merged(SHIPPED, {}) == SHIPPED


def test_both_dates_are_said() -> None:
    assert merged(SHIPPED, {"us-east-1": {"acu": 1, "date": "2026-11-01"}})["us-east-1"]["date"] == (
        "2026-11-01; 2026-07-28"
    )


def test_another_currency_takes_the_place_of_all() -> None:
    euro = merged(SHIPPED, {"us-east-1": {"currency": "EUR", "acu": 0.11}})["us-east-1"]
    assert euro == {"currency": "EUR", "source": "aurora_restore_prices", "acu": 0.11}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["us-east-1"], "aurora_restore_prices must be a dictionary of regions, is ['us-east-1']."),
        ({"virginia": {}}, "aurora_restore_prices is a dictionary of regions, and 'virginia' is no region."),
        ({"acu": 0.1}, "aurora_restore_prices is a dictionary of regions, and 'acu' is no region."),
        ({"us-east-1": 0.1}, "aurora_restore_prices: us-east-1 must be a dictionary of prices, is 0.1."),
        ({"us-east-1": {"acus": 1}}, "aurora_restore_prices: us-east-1.acus is not known; known are currency, date,"),
        ({"us-east-1": {"acu": "0.1"}}, "us-east-1.acu must be a number that is not negative, is '0.1'."),
        ({"us-east-1": {"acu": -1}}, "us-east-1.acu must be a number that is not negative, is -1."),
        ({"us-east-1": {"acu": True}}, "us-east-1.acu must be a number that is not negative, is True."),
        ({"us-east-1": {"acu": float("nan")}}, "us-east-1.acu must be a number that is not negative, is nan."),
        ({"us-east-1": {"acu": None}}, "us-east-1.acu must be a number that is not negative, is None."),
        ({"us-east-1": {"instances": 1}}, "us-east-1.instances must be a dictionary of prices, is 1."),
        ({"us-east-1": {"instances": {"r6g.large": 1}}}, "us-east-1.instances: 'r6g.large' is no instance class."),
        ({"us-east-1": {"instances": {"db.r6g.large": []}}}, "us-east-1.instances.db.r6g.large must be a number"),
        ({"us-east-1": {"transfer": {"Oregon": 1}}}, "us-east-1.transfer: 'Oregon' is no region."),
        ({"us-east-1": {"currency": ""}}, "us-east-1.currency must be a text, is ''."),
        ({"us-east-1": {"source": {}}}, "us-east-1.source must be a text, is {}."),
    ],
)
def test_a_wrong_table_is_refused_in_one_sentence(given: Any, said: str) -> None:
    text = problem(given)
    assert text is not None
    assert said in text
    assert text.count("\n") == 0
    with pytest.raises(BadInput) as caught:
        merged(SHIPPED, given)
    assert str(caught.value) == text


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-2", "us-gov-west-1", "eu-isoe-west-1"])
def test_regions(region: str) -> None:
    assert problem({region: {"acu": 0, "date": 2026, "transfer": {region: 0.02}}}) is None
