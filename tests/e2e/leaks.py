# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Searches everything that a run leaves behind for passwords."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from harness import SOURCE_REGION, TARGET_REGION, Run, Sandbox


def passwords(sandbox: Sandbox) -> dict[str, str]:
    """Every password in Secrets Manager, by where it is."""
    found = {}
    for region in (SOURCE_REGION, TARGET_REGION):
        client = sandbox.client("secretsmanager", region)
        for entry in client.list_secrets()["SecretList"]:
            try:
                content = json.loads(client.get_secret_value(SecretId=entry["Name"])["SecretString"])
            except ValueError:
                continue
            for key, value in content.items():
                if "password" in key:
                    found[f"{region}:{entry['Name']}:{key}"] = value
    return found


def texts(sandbox: Sandbox, run: Run) -> Iterator[tuple[str, str]]:
    """Name and content of everything a run leaves behind."""
    for path in run.home.rglob("*"):
        if path.is_file():
            yield f"file {path.relative_to(run.home)}", path.read_bytes().decode(errors="replace")
    logs = [path for path in Path(sandbox.dir).rglob("*") if path.is_file() and "log" in path.parent.name]
    assert logs, "the database servers keep logs"
    assert any("ALTER ROLE" in path.read_text(errors="replace") for path in logs), "log_statement=ddl is on"
    for path in logs:
        yield f"server log {path.name}", path.read_text(errors="replace")
    yield "call journal", Path(sandbox.info["journal"]).read_text()
    yield "state table", json.dumps(sandbox.items())
    yield "messages", json.dumps(sandbox.messages())
    groups = [item["logGroupName"] for item in sandbox.client("logs").describe_log_groups()["logGroups"]]
    for group in groups:
        yield f"log group {group}", "\n".join(sandbox.log_events(group))
    yield "metrics", json.dumps(sandbox.client("cloudwatch").list_metrics()["Metrics"])
    yield "process arguments", "\n".join(run.arguments)


def find_passwords(sandbox: Sandbox, run: Run) -> list[str]:
    wanted = passwords(sandbox)
    assert len(wanted) >= 4
    encoded = {
        name: {password, json.dumps(password)[1:-1], json.dumps(json.dumps(password))[3:-3]}
        for name, password in wanted.items()
    }
    return [
        f"{name} in {where}"
        for where, content in texts(sandbox, run)
        for name, forms in encoded.items()
        if any(form in content for form in forms)
    ]
