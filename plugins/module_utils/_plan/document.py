# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a restore as one document: data for programs, and the same as text and Markdown for people. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import checks, decisions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.actions import (
    ALL_OTHER_LOGINS,
    actions,
    changing,
    databases,
    member_names,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.case import Case
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.digest import SCHEMA, digest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.estimating import Work
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Wishes
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Cluster, Snapshot, to_iso
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.selection import age_seconds, judge

Plan = dict[str, Any]
# So many snapshots that were passed over are listed.
SHOWN_CANDIDATES = 20
NOTHING = "-"


def build(
    case: Case,
    results: Sequence[Mapping[str, Any]],
    durations: Mapping[str, Any],
    cost: Mapping[str, Any],
) -> Plan:
    """The plan.

    :param results: of the checks.
    :param durations, cost: as ``estimating`` returns them.
    """
    wishes, decision = case.wishes, case.decision
    failures = checks.failures(results)
    plan: Plan = {
        "schema": SCHEMA,
        "made_at": to_iso(case.now),
        "operation": _operation(wishes),
        "source": checks.source_identity(case),
        "target": _target(wishes, case.world.target.value),
        "replaced": {"resource_id": decisions.replaced_resource_id(wishes, case.world.target.value)},
        "snapshot": _snapshot(case),
        "kms_key_id": decisions.resolved_configuration(decision, case.around)["kms_key_id"],
        "secrets": {"master": wishes.master_secret_id, "app": wishes.app_secret_id},
        "stands": [dataclasses.asdict(stand) for stand in decisions.stands(wishes, case.world, decision, case.around)],
        "actions": actions(wishes, case.world, decision, case.around),
        "changes": changes(case),
        "lost": list(decision.configuration.get("lost") or []),
        "logins": logins(case),
        "durations": dict(durations),
        "cost": dict(cost),
        "checks": [dict(result) for result in results],
        "warnings": checks.warnings(case),
        "failures": failures,
        "refused": bool(failures),
    }
    return {**plan, "digest": digest(plan)}


def with_checks(plan: Plan, results: Sequence[Mapping[str, Any]]) -> Plan:
    """The same plan with other results of the checks."""
    failures = checks.failures(results)
    changed = {**plan, "checks": [dict(item) for item in results], "failures": failures, "refused": bool(failures)}
    return {**changed, "digest": digest(changed)}


def work_of(case: Case) -> Work:
    """What the plan comes to, for estimates."""
    wishes, decision = case.wishes, case.decision
    snapshot, cluster = decision.snapshot, case.world.target.value
    stands = decisions.stands(wishes, case.world, decision, case.around)
    return Work(
        how={stand.step: stand.how for stand in stands},
        size_gib=snapshot.boto.get("AllocatedStorage") if snapshot else None,
        crosses_regions=wishes.source_region != wishes.target_region,
        source_region=wishes.source_region,
        target_region=wishes.target_region,
        final_snapshot=wishes.final_snapshot,
        members_deleted=len(cluster.instances) if cluster else 0,
        instances=decision.configuration.get("instances") or [],
        scaling=decision.configuration.get("serverless_v2_scaling_configuration"),
        storage_type=decision.configuration.get("storage_type"),
    )


def _operation(wishes: Wishes) -> dict[str, Any]:
    """attempt: of a resumed operation, which this one is; 1 for a new operation."""
    resumed = wishes.resumed
    return {
        "id": wishes.operation_id,
        "resumed": resumed is not None,
        "attempt": resumed.attempt if resumed else 1,
        "begun": bool(resumed and resumed.begun),
    }


def _target(wishes: Wishes, cluster: Cluster | None) -> dict[str, Any]:
    return {
        "account": wishes.account,
        "region": wishes.target_region,
        "cluster_id": wishes.target_cluster_id,
        "exists": cluster is not None,
        "resource_id": cluster.resource_id if cluster else None,
        "status": cluster.status if cluster else None,
    }


# ---- the snapshot


def _snapshot(case: Case) -> dict[str, Any]:
    chosen, wish = case.decision.snapshot, case.wishes.snapshot
    candidates = judge(case.world.snapshots.value or [], wish, case.now)
    passed_over = [item.to_result() for item in candidates if item.snapshot is not chosen]
    return {
        "rule": rule(case.wishes),
        "chosen": _chosen(chosen, case) if chosen else None,
        "candidates": len(candidates),
        "passed_over": [
            {**item, "reason": item["reason"] or "it is older than the chosen one"}
            for item in passed_over[:SHOWN_CANDIDATES]
        ],
    }


def _chosen(snapshot: Snapshot, case: Case) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "arn": snapshot.arn,
        "type": snapshot.type,
        "created_at": to_iso(snapshot.created_at) if snapshot.created_at else None,
        "age_seconds": age_seconds(snapshot, case.now),
        "size_gib": snapshot.boto.get("AllocatedStorage"),
        "engine": snapshot.engine,
        "engine_version": snapshot.engine_version,
        "encrypted": snapshot.encrypted,
        "kms_key_id": snapshot.kms_key_id,
    }


def rule(wishes: Wishes) -> str:
    """How the snapshot is chosen, as a phrase."""
    if wishes.resumed and wishes.resumed.snapshot:
        return f"the one that operation {wishes.operation_id} has pinned"
    wish = wishes.snapshot
    if wish.snapshot_id:
        return f"the one asked for, {wish.snapshot_id}"
    phrases = [f"the newest usable one of cluster {wishes.source_cluster_id} in {wishes.source_region}"]
    if wish.snapshot_type != "any":
        phrases.append(f"only {wish.snapshot_type} ones")
    if wish.prefix:
        phrases.append(f"whose id starts with {wish.prefix}")
    if wish.max_age_hours is not None:
        phrases.append(f"not older than {wish.max_age_hours:g} hours")
    return ", ".join(phrases)


# ---- the target now and afterwards


def changes(case: Case) -> list[dict[str, Any]]:
    """Every setting of the target: key, now and afterwards (null: there is none), and whether it differs."""
    decision, cluster = case.decision, case.world.target.value
    names = member_names(case.wishes, decision, None)
    now = flat(decision.captured, [item.id for item in cluster.instances] if cluster else [])
    after = flat(decisions.resolved_configuration(decision, case.around), names)
    return [
        {"key": key, "now": now.get(key), "after": after.get(key), "differs": now.get(key) != after.get(key)}
        for key in [*after, *(key for key in now if key not in after)]
    ]


def flat(configuration: Mapping[str, Any] | None, member_ids: Sequence[str] = ()) -> dict[str, Any]:
    """A configuration as one level, without what says nothing: ``instances[1].db_instance_class`` and so on."""
    rest = {key: value for key, value in (configuration or {}).items() if key not in ("instances", "lost")}
    result = dict(_flattened("", rest))
    for number, member in enumerate((configuration or {}).get("instances") or [], start=1):
        if number <= len(member_ids):
            result[f"instances[{number}].id"] = member_ids[number - 1]
        result.update(_flattened(f"instances[{number}].", member))
    return result


def _flattened(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flattened(f"{prefix}{key}.", value)
        elif isinstance(value, (list, tuple)):
            if value:
                yield prefix + key, ", ".join(sorted(_text(item) for item in value))
        elif value not in (None, ""):
            yield prefix + key, value


def logins(case: Case) -> dict[str, Any]:
    """Who can log in to the databases: now (null where that can't be seen) and afterwards, and with which grants."""
    wishes, world = case.wishes, case.world
    master = (world.master_secret.value or {}).get("username")
    secret = world.app_secret.value or {}
    live = case.around.database
    after = [
        {"name": name, "grants": grants}
        for name, grants in (
            (master, "master user, with the password of its secret"),
            (secret.get("app_username"), "SELECT, INSERT, UPDATE, DELETE on tables; sequences, routines"),
            (secret.get("readonly_username"), "SELECT on tables and sequences"),
        )
        if name
    ]
    others = {
        "disable": "shut out (NOLOGIN)",
        "report": "left able to log in, and reported",
        "keep": "left able to log in",
    }
    return {
        "now": [dataclasses.asdict(role) for role in live.value.roles] if live.value else None,
        "unseen": str(live.error) if live.error else None,
        "databases": databases(wishes, world),
        "after": [*after, {"name": ALL_OTHER_LOGINS, "grants": others[wishes.other_logins]}],
    }


# ---- for people


@dataclass(frozen=True)
class Section:
    """Part of a plan: sentences, and a table."""

    title: str
    sentences: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = field(default_factory=tuple)


def lines(plan: Mapping[str, Any]) -> list[str]:
    """The plan as lines of text. Settings that stay are only counted."""
    result = [title(plan)]
    for section in sections(plan):
        result += ["", section.title.upper(), *(f"  {sentence}" for sentence in section.sentences)]
        rows = [[_text(cell) for cell in row] for row in section.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        result += ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return result


def markdown(plan: Mapping[str, Any]) -> str:
    """The plan as Markdown, with every setting of the target."""
    parts = [f"# {title(plan)}"]
    for section in sections(plan, everything=True):
        parts.append(f"## {section.title}")
        if section.sentences:
            parts.append("\n".join(f"- {_escaped(sentence)}" for sentence in section.sentences))
        if section.rows:
            table = [section.columns, ["---"] * len(section.columns), *section.rows]
            parts.append("\n".join("| " + " | ".join(_escaped(_text(cell)) for cell in row) + " |" for row in table))
    return "\n\n".join(parts) + "\n"


def title(plan: Mapping[str, Any]) -> str:
    target = plan["target"]
    return f"Plan: restore {target['cluster_id']} in {target['region']} ({target['account']})"


def sections(plan: Mapping[str, Any], everything: bool = False) -> list[Section]:
    """:param everything: settings that stay the same are listed, not only counted; so are checks that passed."""
    return [
        _verdict_section(plan),
        _snapshot_section(plan),
        _action_section(plan),
        _change_section(plan, everything),
        _login_section(plan),
        _duration_section(plan),
        _cost_section(plan),
        _check_section(plan, everything),
    ]


def _verdict_section(plan: Mapping[str, Any]) -> Section:
    operation, failures = plan["operation"], plan["failures"]
    # Without an operation of its own, as the module alone is used, there is none to name.
    known = f" {operation['id']}" if operation["id"] else ""
    begins = f"resume operation{known} (attempt {operation['attempt']})" if operation["resumed"] else (
        f"be operation{known}"
    )  # fmt: skip
    sentences = [f"A run would be REFUSED: {_counted(len(failures), 'problem')}, listed here."] if failures else [
        f"A run would {begins} and make {_counted(len(changing(plan['actions'])), 'change')}."
    ]  # fmt: skip
    sentences += failures
    if plan["target"]["exists"]:
        what = f"{plan['target']['resource_id']}, {plan['target']['status']}"
        sentences.append(f"The target exists: {what}.")
    else:
        sentences.append("The target does not exist now.")
    downtime = plan["durations"].get("downtime") or {}
    if not failures and downtime:
        sentences.append(f"Expected to be gone for {spread(downtime)} ({downtime.get('basis')}).")
    if plan["lost"]:
        sentences.append(f"NOT carried over: {', '.join(plan['lost'])}.")
    sentences += [f"Warning: {remark}" for remark in plan["warnings"]]
    sentences.append(f"Made at {plan['made_at']}; digest {plan['digest']}.")
    return Section("Result", sentences)


def _snapshot_section(plan: Mapping[str, Any]) -> Section:
    snapshot = plan["snapshot"]
    chosen = snapshot["chosen"]
    sentences = [f"Rule: {snapshot['rule']}."]
    if chosen:
        key = chosen["kms_key_id"] or ("encrypted by AWS" if chosen["encrypted"] else "not encrypted")
        sentences += [
            f"Chosen: {chosen['arn']} ({chosen['type']})",
            f"Data of {chosen['created_at']}, {chosen['age_seconds'] / 3600:.1f} hours old;"
            f" {chosen['engine']} {chosen['engine_version']};"
            f" size {_size(plan['durations'].get('size_gib'))}; key {key}",
        ]
    else:
        sentences.append("None can be used.")
    sentences.append(f"{_counted(snapshot['candidates'], 'candidate')}; passed over:")
    rows = [(item["id"], item["created_at"], item["reason"]) for item in snapshot["passed_over"]]
    if not rows:
        sentences[-1] = f"{_counted(snapshot['candidates'], 'candidate')}, none passed over."
    return Section("Snapshot", sentences, ("snapshot", "created", "passed over because"), rows)


def _action_section(plan: Mapping[str, Any]) -> Section:
    rows = [
        (number, item["step"], item["how"], item["call"], item["resource"], item["action"])
        for number, item in enumerate(plan["actions"], start=1)
    ]
    return Section("Actions, in order", (), ("", "step", "how", "call", "resource", "what"), rows)


def _change_section(plan: Mapping[str, Any], everything: bool) -> Section:
    same = [item for item in plan["changes"] if not item["differs"]]
    listed = plan["changes"] if everything else [item for item in plan["changes"] if item["differs"]]
    rows = [("~" if item["differs"] else "", item["key"], item["now"], item["after"]) for item in listed]
    sentences = [f"{_counted(len(same), 'setting')} the same, {len(plan['changes']) - len(same)} different."]
    return Section("The target now and afterwards", sentences, ("", "setting", "now", "afterwards"), rows)


def _login_section(plan: Mapping[str, Any]) -> Section:
    """Every login now and afterwards; those that only the data brings are not known by name."""
    found = plan["logins"]
    now = {role["name"]: _login(role) for role in found["now"] or []}
    after = {item["name"]: item["grants"] for item in found["after"]}
    unknown = "none" if found["now"] is not None else "not seen"
    rows = [
        (name, now.get(name, unknown if name != ALL_OTHER_LOGINS else None), after.get(name, after[ALL_OTHER_LOGINS]))
        for name in sorted({*now, *after}, key=lambda name: (name == ALL_OTHER_LOGINS, name not in after))
    ]
    sentences = [f"Now not seen: {found['unseen']}"] if found["unseen"] else []
    sentences.append(f"Users are set up in: {', '.join(found['databases']) or 'no database'}.")
    return Section("Logins now and afterwards", sentences, ("login", "now", "afterwards"), rows)


def _login(role: Mapping[str, Any]) -> str:
    """What a login may do now."""
    member_of = role.get("member_of") or []
    phrases = [f"member of {', '.join(member_of)}"] if member_of else []
    return "; ".join([*phrases, *(role.get("grants") or [])]) or "can log in"


def _duration_section(plan: Mapping[str, Any]) -> Section:
    durations = plan["durations"]
    rows = [(item["step"], spread(item), item["basis"]) for item in durations.get("steps") or []]
    for name, what in (("total", "in all"), ("downtime", "target gone")):
        if durations.get(name):
            rows.append((what, spread(durations[name]), durations[name].get("basis", "")))
    return Section("Expected duration (an estimate)", (), ("step", "takes", "from"), rows)


def _cost_section(plan: Mapping[str, Any]) -> Section:
    cost = plan["cost"]
    currency = cost.get("currency", "")
    rows = [
        (item["what"], _quantity(item), f"{item['price']:g}", money(item["amount"]), item["per"])
        for item in cost.get("items") or []
    ]
    sentences = [
        f"{currency} {money(cost[key])} {label}"
        for key, label in (("once", "once"), ("per_hour", "an hour"), ("per_month", "a month"))
        if cost.get(key)
    ]
    prices = cost.get("prices") or {}
    if prices:
        sentences.append(f"Prices of {prices.get('date')}: {prices.get('source')}")
    sentences += [f"Unknown: {text}" for text in cost.get("unknown") or []]
    return Section(
        "Expected cost (an estimate)", sentences, ("what", "quantity", f"price in {currency}", "amount", "per"), rows
    )


def _check_section(plan: Mapping[str, Any], everything: bool) -> Section:
    counts = {
        status: sum(item["status"] == status for item in plan["checks"]) for status in ("passed", "failed", "unknown")
    }
    rows = [
        (item["status"].upper() if item["status"] != "passed" else "passed", item["name"], item["seen"], item["todo"])
        for item in plan["checks"]
        if everything or item["status"] != "passed"
    ]
    said = ", ".join(f"{count} {status}" for status, count in counts.items())
    return Section("Checks", [f"{said}."], ("result", "check", "seen", "what to do"), rows)


def spread(duration: Mapping[str, Any]) -> str:
    """A duration with what it may come to: "12 min (5 min to 30 min)"."""
    usual, low, high = (_seconds(duration.get(key)) for key in ("seconds", "low_seconds", "high_seconds"))
    return usual if low == high == usual or NOTHING in (low, high) else f"{usual} ({low} to {high})"


def _seconds(value: Any) -> str:
    if value is None:
        return NOTHING
    seconds = round(float(value))
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def _quantity(item: Mapping[str, Any]) -> str:
    unit = str(item["unit"])
    return f"{item['quantity']:g} {unit.removesuffix('s') if item['quantity'] == 1 else unit}"


def money(amount: Any) -> str:
    return f"{float(amount):.2f}" if float(amount) >= 0.01 or not amount else f"{float(amount):.4f}"


def _size(gib: Any) -> str:
    return f"{gib} GiB" if gib else "unknown"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _text(value: Any) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _escaped(text: str) -> str:
    """Names hold characters that mean something to Markdown."""
    for character in "\\|*_<>`":
        text = text.replace(character, "\\" + character)
    return text
