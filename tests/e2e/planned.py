# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans of check runs, and whether a run does exactly what its plan says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from harness import STAGING, Run, Sandbox, play

ALL_OTHER_LOGINS = "all other logins"
READS = (
    "Describe", "Get", "List", "Query", "Scan", "BatchGet", "TransactGet", "Simulate", "ReceiveMessage", "AssumeRole",
)  # fmt: skip
# The operation's own records
RECORDS = ("dynamodb", "logs", "cloudwatch")
PLAN = f"plan-{STAGING}"
STATEMENT = re.compile(r":(?P<user>[^:@]*)@(?P<database>[^:]*):\[\d+\]:LOG:  statement: (?P<statement>.*)")


def changes(call: dict[str, Any]) -> bool:
    """Whether a call is one that changes something, whatever came of it."""
    if call["action"].startswith(READS):
        return False
    return not (call["action"] == "CreateGrant" and str(call["parameters"].get("DryRun")).lower() == "true")


def check_run(sandbox: Sandbox, home: Path, *arguments: str, **variables: Any) -> tuple[Run, dict[str, Any]]:
    """A check run and its plan. It has called nothing that changes anything, and the servers ran no statement."""
    calls, logs = len(sandbox.calls()), log_sizes(sandbox)
    run = play(sandbox, home, "--check", "--diff", *arguments, **variables)
    made = [call for call in sandbox.calls()[calls:] if changes(call)]
    assert not made, f"a check run changed something: {made}"
    assert not logged(sandbox, logs)
    return run, json.loads((home / "reports" / f"{PLAN}.json").read_text())


def plan_of(sandbox: Sandbox, home: Path, **variables: Any) -> dict[str, Any]:
    """The plan of a run that would be allowed; quickly, without going through each step."""
    run, plan = check_run(sandbox, home, aurora_restore_plan_only=True, **variables)
    assert run.code == 0, run.output[-6000:]
    assert not plan["refused"]
    return plan


def log_sizes(sandbox: Sandbox) -> dict[Path, int]:
    """How far the logs of the database servers go."""
    logs = (path for path in Path(sandbox.dir).rglob("*") if path.is_file() and "log" in path.parent.name)
    return {path: path.stat().st_size for path in logs}


def logged(sandbox: Sandbox, since: dict[Path, int]) -> list[re.Match[str]]:
    """The statements since then that change roles, privileges or tables."""
    texts = (path.read_bytes()[since.get(path, 0) :] for path in log_sizes(sandbox))
    lines = (line for text in texts for line in text.decode(errors="replace").splitlines())
    return [found for found in map(STATEMENT.search, lines) if found]


def assert_statements_as_planned(plan: dict[str, Any], statements: Iterable[re.Match[str]]) -> None:
    """What the master ran is about the users, logins and databases of the plan, and all of its users and databases."""
    roles, databases = set(), set()
    for found in statements:
        role = re.match(r'(CREATE|ALTER) ROLE "?(?P<name>[^" ]+)"?(?P<rest>.*)', found["statement"])
        if role is None:
            databases.add(found["database"])
        else:
            roles.add(ALL_OTHER_LOGINS if "NOLOGIN" in role["rest"] else role["name"])
    planned = [item for item in plan["actions"] if item["service"] == "sql"]
    named = {item["resource"] for item in planned if item["call"].endswith("ROLE")}
    assert roles == named
    assert databases >= {item["resource"] for item in planned if item["call"] == "GRANT, REVOKE"}


def assert_as_planned(plan: dict[str, Any], calls: list[dict[str, Any]], names: bool = True) -> None:
    """The calls that took effect are those of the plan, in its order.

    :param names: also with the names that the plan has given.

    One that is repeated right away, because its answer was lost, counts once.
    """
    planned = [(item["call"], item["resource"]) for item in plan["actions"] if item["service"] in ("rds", "sns")]
    made = [
        (call["action"], name_of(call))
        for call in calls
        if call["service"] not in RECORDS and changes(call) and not call["error_code"]
    ]
    made, planned = once(made), once(planned)
    if names:
        assert made == planned
    else:
        assert [action for action, _name in made] == [action for action, _name in planned]


def name_of(call: dict[str, Any]) -> str:
    """The name of what a call is about; calls about tags give the ARN."""
    resource = str(call["resource"])
    return resource.rpartition(":")[2] if call["service"] == "rds" else resource


def once(calls: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [call for call, _repeated in groupby(calls)]
