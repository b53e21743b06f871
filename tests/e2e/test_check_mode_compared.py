# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What amazon.aws's modules and ours say in check mode, and what they then do: the table of plan_compared.rst."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from harness import CHECKOUT, Sandbox, eventually, start
from planned import changes

HERE = Path(__file__).parent / "compared"
PAGE = CHECKOUT / "docs" / "docsite" / "rst" / "plan_compared.rst"
SITUATIONS = {
    "missing": "Restore; the snapshot does not exist",
    "creating": "Copy; the source snapshot is still being made",
    "foreign": "Copy; the name is taken by a copy of another snapshot",
    "under_way": "Copy; this very copy is under way (and here it never ends)",
    "key": "Restore; the key is one of another region",
    "family": "Restore; the parameter group is for another major version",
    "going": "Restore; the old cluster is still being deleted",
    "absent": "Delete; there is no such cluster",
    "protected": "Delete; the cluster is protected and has a member",
    "source": "Delete; the cluster is the source of the restore",
}
HEAD = ("Situation", "amazon.aws, check mode", "amazon.aws, run", "This collection, check mode", "This collection, run")
Results = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox(tmp_path_factory.mktemp("sandbox") / "world", HERE / "world.yml")
    made.up()
    rds = made.client("rds")
    rds.delete_db_cluster(DBClusterIdentifier="orders-going", SkipFinalSnapshot=True)
    rds.copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier="arn:aws:rds:us-east-1:123456789012:cluster-snapshot:orders-nightly",
        TargetDBClusterSnapshotIdentifier="orders-under-way", SourceRegion="us-east-1",
        KmsKeyId="alias/orders-staging",
    )  # fmt: skip
    eventually("the copy of last week's snapshot", lambda: status(made, "orders-copy") == "available")
    yield made
    made.down()


def status(sandbox: Sandbox, snapshot_id: str) -> str:
    found = sandbox.client("rds").describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=snapshot_id)
    return str(found["DBClusterSnapshots"][0]["Status"])


def clusters(sandbox: Sandbox) -> dict[str, str]:
    found = sandbox.client("rds").describe_db_clusters()["DBClusters"]
    return {item["DBClusterIdentifier"]: item["Status"] for item in found}


def ask(sandbox: Sandbox, home: Path, *arguments: str) -> Results:
    """What each said in each situation: theirs first, then ours."""
    version = sandbox.cluster("orders-staging")["EngineVersion"]
    run = start(
        sandbox, home, *arguments, playbook=str(HERE / "compared.yml"),
        compared_file=str(home / "said.json"), compared_version=version,
    )  # fmt: skip
    assert run.process.wait(420) == 0, run.output[-4000:]
    return dict(json.loads((home / "said.json").read_text()))


def phrase(result: dict[str, Any]) -> str:
    """A result in few words: failed and why, changed, or ok; with the action or status that it tells."""
    if not result.get("failed"):
        told = result.get("action") or result.get("status")
        return verdict(result) + (f" ({told})" if told else "")
    error = result["error"]
    if error.get("kind") == "wait_timeout":
        return "waits, until its time is over"
    return f"fails: {error['code'] if error.get('kind', 'aws') == 'aws' else shortened(error['message'])}"


def shortened(message: str) -> str:
    """The first sentence, with ids in place of ARNs, and without what is drawn or depends on the servers' version."""
    sentence = re.split(r"(?<=\.)\s", message)[0].rstrip(".")
    for pattern, shown in (
        (r"cluster-[A-Z0-9]{20,}, ", ""),
        (r"arn:aws:[^ ]*[:/]([\w-]+)", r"\1"),
        (r"(needs aurora-postgresql)\d+", r"\1…"),
    ):
        sentence = re.sub(pattern, shown, sentence)
    return sentence


def verdict(result: dict[str, Any]) -> str:
    return "fails" if result.get("failed") else "changed" if result["changed"] else "ok"


def table(checked: Results, done: Results) -> str:
    """Both as a table in reStructuredText."""
    rows = [HEAD] + [
        (told, phrase(checked[name][0]), phrase(done[name][0]), phrase(checked[name][1]), phrase(done[name][1]))
        for name, told in SITUATIONS.items()
    ]
    cells = "".join("  * - " + "\n    - ".join(row) + "\n" for row in rows)
    return ".. list-table::\n  :header-rows: 1\n  :widths: 24 19 19 19 19\n\n" + cells


def test_who_says_what(world: Sandbox, tmp_path: Path) -> None:
    before, calls = clusters(world), len(world.calls())
    checked = ask(world, tmp_path, "--check")
    assert not [call for call in world.calls()[calls:] if changes(call)]
    assert clusters(world) == before
    done = ask(world, tmp_path)

    # What came of it tells who was right.
    assert "orders-new" not in clusters(world), "no restore could succeed"
    assert "orders-template" not in clusters(world) or clusters(world)["orders-template"] == "deleting"
    assert status(world, "orders-under-way") == "copying"
    assert (
        "weekly"
        in world.client("rds").describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="orders-copy")[
            "DBClusterSnapshots"
        ][0]["SourceDBClusterSnapshotArn"]
    )

    for name in SITUATIONS:
        if name != "under_way":
            assert verdict(checked[name][1]) == verdict(done[name][1]), "what is said in check mode is what is done"
    measured = table(checked, done)
    assert measured in PAGE.read_text(), f"{PAGE.name} does not have this table:\n{measured}"
