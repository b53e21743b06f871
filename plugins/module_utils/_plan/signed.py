# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the world still is what a plan says that somebody has approved. Pure.

What counts: source, target and the cluster that is replaced, snapshot, key, secrets, every setting of the new cluster,
and that nothing is called that the plan does not list. Less is allowed: a copy that another run has made meanwhile is
used. Once the plan's operation has begun to change something, the world differs by its own doing; then its record
holds what the plan has pinned, and only that is compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.digest import SCHEMA, digest

VARIABLE = "aurora_restore_plan_file"
AGAIN = "Make a new plan with --check."


def read_plan(path: str) -> dict[str, Any]:
    """The plan in a file; nothing of it is trusted yet.

    :raises BadInput: there is none.
    """
    try:
        plan = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{VARIABLE} {path} can't be read: {error.strerror}", resource=path) from error
    except ValueError as error:
        raise BadInput(f"{VARIABLE} {path} is not JSON: {error}", resource=path, hint=AGAIN) from error
    if not isinstance(plan, dict):
        raise BadInput(f"{VARIABLE} {path} does not hold a plan", resource=path, hint=AGAIN)
    return plan


def require_plan(plan: Mapping[str, Any], target: str) -> None:
    """:raises BadInput: this is no plan, one of another target, was changed after it was made, or says that a run would
    be refused.

    :param target: ``account/region/cluster``.
    """
    if plan.get("schema") != SCHEMA or "digest" not in plan:
        raise BadInput(f"{VARIABLE} does not hold a plan of this version of the collection", hint=AGAIN)
    if digest(plan) != plan["digest"]:
        raise BadInput(f"The plan in {VARIABLE} was changed after it was made", hint=AGAIN)
    planned = "/".join(str(plan["target"][key]) for key in ("account", "region", "cluster_id"))
    if planned != target:
        raise BadInput(
            f"The plan in {VARIABLE} is one of {planned}, not of {target}", hint="Give the one of this target."
        )
    if plan.get("refused"):
        raise BadInput(
            f"The plan in {VARIABLE} says that a run would be refused: {' '.join(plan['failures'])}", hint=AGAIN
        )


def deviations(plan: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What is not as the signed plan says, each one phrase.

    :param now: the plan as it would be made now.
    """
    return list(dict.fromkeys(_deviations(plan, now)))


def sentence(plan: Mapping[str, Any], deviation: str) -> str:
    return (
        f"{VARIABLE}: not as in the plan of {plan['made_at']}: {deviation}. Nothing was changed; make a new plan with"
        " --check, and have it approved."
    )


def _deviations(plan: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    if plan["operation"]["id"] != now["operation"]["id"]:
        yield f"it is operation {now['operation']['id']}, not {plan['operation']['id']}"
    for what in ("source", "secrets"):
        for key, value in plan[what].items():
            if now[what].get(key) != value:
                yield f"{what} {key} was {value}, is {now[what].get(key)}"
    for key in ("account", "region", "cluster_id"):
        if plan["target"][key] != now["target"][key]:
            yield f"target {key} was {plan['target'][key]}, is {now['target'][key]}"
    replaced, replaces = plan["replaced"]["resource_id"], now["replaced"]["resource_id"]
    if replaced != replaces:
        yield f"the cluster that is replaced was {replaced or 'none'}, is {replaces or 'none'}"
    before, chosen = (of["snapshot"]["chosen"] or {} for of in (plan, now))
    if before.get("arn") != chosen.get("arn"):
        yield f"the snapshot was {before.get('arn')}, is {chosen.get('arn')}"
    if plan["kms_key_id"] != now["kms_key_id"]:
        yield f"the key was {plan['kms_key_id']}, is {now['kms_key_id']}"
    yield from _settings(plan, now)
    if not has_begun(plan, now):
        yield from _calls(plan, now)


def has_begun(plan: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether an earlier attempt to carry the plan out has begun to change something."""
    return bool(now["operation"]["begun"]) and now["operation"]["attempt"] > plan["operation"]["attempt"]


def _settings(plan: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    before, after = ({item["key"]: item["after"] for item in of["changes"]} for of in (plan, now))
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield f"{key} was to be {before.get(key)}, would be {after.get(key)}"


def _calls(plan: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    planned = [(item["call"], item["resource"]) for item in plan["actions"]]
    for item in now["actions"]:
        call = (item["call"], item["resource"])
        if item["call"] and call not in planned:
            yield f"{item['call']} of {item['resource']} ({item['action']}) is not in the plan"
