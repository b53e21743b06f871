# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS charges, by region: the table that comes with the collection, and the inventory's, which wins. Pure.

A region is a mapping. All of it is optional: what is not there is unknown.

``currency``, ``date`` (of the prices), ``source`` (where they are from): texts.
``instances``: instance class to the price of an hour, on demand, Aurora PostgreSQL, standard storage.
``instances_io_optimized``: the same for I/O-Optimized; else ``io_optimized_factor`` times the standard price.
``acu``, ``acu_io_optimized``: an hour of a capacity unit of Serverless v2.
``storage``, ``storage_io_optimized``: a GB of the cluster for a month.
``backup_storage``: a GB of snapshot for a month.
``io_million``: a million I/O requests (standard storage only).
``transfer``: other region to the price of a GB sent there.

Where each figure is from, and how far it can be trusted: ``docs/docsite/rst/plan_estimates.rst``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput

VARIABLE = "aurora_restore_prices"
CURRENCY = "USD"
TEXTS = ("currency", "date", "source")
NUMBERS = (
    "io_optimized_factor",
    "acu",
    "acu_io_optimized",
    "storage",
    "storage_io_optimized",
    "backup_storage",
    "io_million",
)
TABLES = ("instances", "instances_io_optimized", "transfer")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+")
INSTANCE_CLASS = re.compile(r"db\.[a-z0-9-]+\.[a-z0-9]+")

PRICE_LIST = "AWS Price List (https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonRDS/current/index.json)"

SHIPPED: dict[str, Any] = {
    "us-east-1": {
        "currency": CURRENCY,
        "date": "2026-07-28",
        "source": f"{PRICE_LIST}, as quoted in public",
        "instances": {
            "db.t3.medium": 0.082,
            "db.t3.large": 0.164,
            "db.t4g.medium": 0.073,
            "db.t4g.large": 0.146,
            "db.r5.large": 0.29,
            "db.r5.xlarge": 0.58,
            "db.r5.2xlarge": 1.16,
            "db.r5.4xlarge": 2.32,
            "db.r5.8xlarge": 4.64,
            "db.r5.12xlarge": 6.96,
            "db.r5.16xlarge": 9.28,
            "db.r5.24xlarge": 13.92,
            "db.r6g.large": 0.26,
            "db.r6g.xlarge": 0.519,
            "db.r6g.2xlarge": 1.038,
            "db.r6g.4xlarge": 2.076,
            "db.r6g.8xlarge": 4.152,
            "db.r6g.12xlarge": 6.228,
            "db.r6g.16xlarge": 8.304,
            "db.r7g.large": 0.276,
            "db.r7g.xlarge": 0.553,
            "db.r7g.2xlarge": 1.106,
            "db.r7g.4xlarge": 2.211,
            "db.r7g.8xlarge": 4.422,
            "db.r7g.12xlarge": 6.633,
            "db.r7g.16xlarge": 8.844,
            "db.r8g.large": 0.276,
            "db.r8g.xlarge": 0.552,
            "db.r8g.2xlarge": 1.104,
            "db.r8g.4xlarge": 2.208,
            "db.r8g.8xlarge": 4.416,
            "db.r8g.12xlarge": 6.624,
            "db.r8g.16xlarge": 8.832,
            "db.r8g.24xlarge": 13.248,
            "db.r8g.48xlarge": 26.496,
        },
        "io_optimized_factor": 1.3,
        "acu": 0.12,
        "acu_io_optimized": 0.16,
        "storage": 0.10,
        "storage_io_optimized": 0.225,
        "backup_storage": 0.021,
        "io_million": 0.20,
        "transfer": {"us-east-2": 0.01, "us-west-2": 0.02, "eu-west-1": 0.02},
    },
    "us-east-2": {
        "currency": CURRENCY,
        "date": "2026-09-07",
        "source": f"{PRICE_LIST}, as quoted in public",
        "acu": 0.12,
        "acu_io_optimized": 0.16,
        "storage": 0.10,
        "storage_io_optimized": 0.225,
        "backup_storage": 0.021,
        "transfer": {"us-west-2": 0.02},
    },
    "us-west-2": {
        "currency": CURRENCY,
        "date": "2025",
        "source": "AWS's price pages (https://aws.amazon.com/rds/aurora/pricing/), as quoted in public",
        "instances": {"db.r6g.large": 0.26, "db.r6g.xlarge": 0.519, "db.r7g.large": 0.276},
        "io_optimized_factor": 1.3,
        "backup_storage": 0.021,
    },
}


def merged(shipped: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The shipped table with what is given in its place.

    :raises BadInput: the given table is none.
    """
    wrong = problem(given)
    if wrong:
        raise BadInput(wrong, resource=VARIABLE)
    result = {region: dict(values) for region, values in shipped.items()}
    for region, values in given.items():
        result[region] = _merged_region(result.get(region) or {}, values)
    return result


def _merged_region(shipped: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Prices in another currency can't stand beside the shipped ones, and so take the place of all."""
    if not shipped or given.get("currency", CURRENCY) != shipped.get("currency", CURRENCY):
        return {"currency": CURRENCY, "source": VARIABLE, **given}
    tables = {name: {**(shipped.get(name) or {}), **(given.get(name) or {})} for name in TABLES if given.get(name)}
    source = f"{given.get('source') or VARIABLE}; what it lacks: {shipped.get('source')}"
    date = f"{given['date']}; {shipped.get('date')}" if given.get("date") else shipped.get("date")
    return {**shipped, **given, **tables, "source": source, "date": date}


def problem(given: Any) -> str | None:
    """What is wrong with a given table, in one sentence; None when it is fine."""
    return next(_problems(given), None)


def _problems(given: Any) -> Iterator[str]:
    if not isinstance(given, Mapping):
        yield f"{VARIABLE} must be a dictionary of regions, is {given!r}."
        return
    for region, values in given.items():
        if not REGION.fullmatch(str(region)):
            yield f"{VARIABLE} is a dictionary of regions, and {region!r} is no region."
        elif not isinstance(values, Mapping):
            yield f"{VARIABLE}: {region} must be a dictionary of prices, is {values!r}."
        else:
            for key, value in values.items():
                yield from _value_problems(region, key, value)


def _value_problems(region: str, key: str, value: Any) -> Iterator[str]:
    name = f"{VARIABLE}: {region}.{key}"
    if key in TEXTS:
        # A date that YAML reads as such is a text as well.
        if value is None or isinstance(value, (Mapping, list, bool)) or not str(value):
            yield f"{name} must be a text, is {value!r}."
    elif key in NUMBERS:
        yield from _number_problems(name, value)
    elif key not in TABLES:
        yield f"{name} is not known; known are {', '.join((*TEXTS, *NUMBERS, *TABLES))}."
    elif not isinstance(value, Mapping):
        yield f"{name} must be a dictionary of prices, is {value!r}."
    else:
        pattern, kind = (REGION, "region") if key == "transfer" else (INSTANCE_CLASS, "instance class")
        for item, price in value.items():
            if not pattern.fullmatch(str(item)):
                yield f"{name}: {item!r} is no {kind}."
            yield from _number_problems(f"{name}.{item}", price)


def _number_problems(name: str, value: Any) -> Iterator[str]:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:
        yield f"{name} must be a number that is not negative, is {value!r}."
