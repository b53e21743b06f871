# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shipping the log of an operation, while CloudWatch works and while it does not."""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe import shipping, spool
from botocore.config import Config
from observed_world import World


def client_of(service: str, url: str) -> Any:
    return boto3.client(
        service, region_name="us-west-2", endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=20, read_timeout=20),
    )  # fmt: skip


def test_each_step_has_its_group_and_the_operation_its_stream(world: World) -> None:
    world.make_groups("preflight", "notification")
    world.began()
    world.task("preflight", "one")
    first = world.ends("preflight")
    assert (first.events, first.metrics, first.kept, first.warnings) == (3, 2, 0, [])
    world.task("notification", "two", message="ä\nb")
    last = world.ends("notification", last=True)
    assert (last.events, last.metrics, last.kept, last.warnings) == (2, 2, 0, [])
    assert [event["event"] for event in world.events("preflight")] == ["operation", "ok", "step"]
    task, end = world.events("notification")
    assert task["message"] == "ä\nb"
    assert (end["event"], end["status"], end["downtime_seconds"]) == ("operation", "succeeded", 3.0)
    target = f"shop-{world.number}"
    assert world.metrics() == [
        f"DowntimeSeconds {target}", f"OperationsStarted {target}", f"OperationsSucceeded {target}",
        f"StepSeconds {target} preflight",
    ]  # fmt: skip
    assert len(world.calls("CreateLogStream")) == 2


def test_nothing_is_shipped_twice_and_an_existing_stream_is_used(world: World) -> None:
    world.make_groups("preflight")
    world.client("logs").create_log_stream(
        logGroupName=f"{world.prefix}/preflight", logStreamName=world.operation["id"]
    )
    world.task("preflight", "one")
    world.ends("preflight")
    world.task("preflight", "two")
    assert world.ends("preflight").events == 2
    assert [event.get("task") for event in world.events("preflight")] == ["one", None, "two", None]


def test_files_are_nobody_elses_business(world: World) -> None:
    world.make_groups("preflight")
    world.ends("preflight")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (world.folder, *world.folder.iterdir())}
    assert modes == {
        "logs": 0o700, world.path.name: 0o600, f"{world.path.name}.shipped": 0o600,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"error": {"code": "ThrottlingException"}}, "ThrottlingException"),
        ({"error": {"code": "ServiceUnavailableException"}}, "ServiceUnavailableException"),
        ({"error": {"code": "AccessDeniedException"}}, "AccessDeniedException"),
    ],
)
def test_what_is_not_taken_stays_and_goes_with_the_end(world: World, fault: dict[str, Any], says: str) -> None:
    world.make_groups("preflight", "snapshot_check", "notification")
    world.when({"service": "logs", **fault})
    world.task("preflight", "one")
    failed = world.ends("preflight")
    assert (failed.events, failed.kept, failed.metrics) == (0, 2, 1), "metrics have an endpoint of their own"
    (warning,) = failed.warnings
    assert says in warning and str(world.path) in warning and "2 records stay" in warning
    calls = len(world.journal.entries())
    quiet = world.ends("snapshot_check")
    assert (quiet.kept, quiet.warnings) == (3, [])
    assert len(world.journal.entries()) == calls, "CloudWatch is left alone for a while"
    world.when()
    last = world.ends("notification", last=True)
    assert (last.events, last.metrics, last.kept, last.warnings) == (4, 3, 0, [])
    assert len(world.events("preflight")) == 2 and len(world.events("snapshot_check")) == 1


def test_an_outage_to_the_end_is_told_once_more_and_mended_by_the_next_restore(world: World) -> None:
    world.make_groups("preflight", "notification")
    world.task("preflight", "one")

    def nowhere(service: str) -> Any:
        return client_of(service, "http://127.0.0.1:9")

    for last in (False, True):
        outcome = world.ends("preflight", last=last, client=nowhere)
        assert "127.0.0.1:9" in outcome.warnings[0] and len(outcome.warnings) == 1
    assert outcome.kept == 3
    before = world.path
    other = spool.log_file(world.folder, "ANOTHER")
    other.write_text(before.read_text().replace(world.operation["target"], "123456789012/us-west-2/foreign"))
    world.operation["id"] = "NEXT"
    world.path = spool.log_file(world.folder, "NEXT")
    world.task("preflight", "two")
    assert world.ends("preflight", last=True).warnings == []
    assert [event.get("task") for event in world.events("preflight", before.name.removesuffix(".jsonl"))] == [
        "one", None,
    ]  # fmt: skip
    assert spool.read_shipped(before).size == before.stat().st_size
    assert spool.read_shipped(other).offsets == {}, "not of this target"


def test_a_batch_that_was_confirmed_is_not_sent_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.dbops.aurora_restore.plugins.module_utils._observe.batches.MAX_EVENTS", 2)
    world.make_groups("preflight")
    for number in range(5):
        world.task("preflight", str(number))
    world.when({"action": "PutLogEvents", "error": {"code": "ServiceUnavailableException"}, "nth": 3})
    failed = world.ends("preflight")
    assert (failed.events, failed.kept) == (4, 2)
    assert world.ends("preflight", last=True).kept == 1  # of the step notification, which has no group
    assert [event.get("task") for event in world.events("preflight")] == ["0", "1", "2", "3", "4", None]


def test_rejected_events_are_counted_and_told(world: World) -> None:
    world.make_groups("preflight")
    world.task("preflight", "old", time="2020-01-01T00:00:00.000Z")
    for name in ("one", "two", "three"):
        world.task("preflight", name)
    world.when({"action": "PutLogEvents", "rejects_log_events": {"too_old": 1, "too_new": 1}})
    outcome = world.ends("preflight")
    assert (outcome.events, outcome.rejected, outcome.kept) == (2, 3, 0)
    assert "3 log events of step preflight were rejected" in outcome.warnings[0]
    assert [event.get("task") for event in world.events("preflight")] == ["two", "three"]


def test_a_group_that_is_missing_is_named_once_and_does_not_hold_up_the_others(world: World) -> None:
    world.make_groups("notification")
    world.task("preflight", "one")
    first = world.ends("preflight")
    assert f"there is no log group {world.prefix}/preflight." in first.warnings[0]
    assert "bootstrap.yml" in first.warnings[0] and "aurora_restore_cloudwatch" in first.warnings[0]
    assert (first.metrics, first.kept) == (1, 2)
    last = world.ends("notification", last=True)
    assert (last.events, last.kept, last.warnings) == (1, 2, [])


@pytest.fixture
def silent() -> Iterator[str]:
    """An endpoint that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_an_answer_that_does_not_come_costs_no_more_than_the_budget(world: World, silent: str) -> None:
    world.task("preflight", "one")

    def client(service: str) -> Any:
        return client_of(service, silent)

    began = time.monotonic()
    outcome = world.ends("preflight", client=client, seconds=0.5)
    assert 0.5 <= time.monotonic() - began < 3
    assert "no answer within 0.5 seconds" in outcome.warnings[0] and outcome.kept == 2
    began = time.monotonic()
    assert world.ends("snapshot_check", client=client, seconds=0.5).warnings == []
    assert time.monotonic() - began < 0.5, "the next step does not try again so soon"


def test_without_the_callback_it_says_how_to_enable_it(world: World) -> None:
    world.make_groups("preflight")
    (warning,) = world.ends("preflight").warnings
    assert "ANSIBLE_CALLBACKS_ENABLED=dbops.aurora_restore.operation_log" in warning
    assert world.ends("preflight").warnings == []


def test_a_file_that_cannot_be_written_is_a_warning(world: World) -> None:
    world.folder.parent.mkdir(exist_ok=True)
    world.folder.write_text("not a folder")
    (warning,) = world.ends("preflight").warnings
    assert "can't be written" in warning


def test_only_one_ships_a_file_at_a_time(world: World) -> None:
    world.make_groups("preflight")
    world.task("preflight", "one")
    with spool.alone(world.path) as alone:
        assert alone
        busy = world.ends("preflight", last=True)
    assert (busy.events, busy.kept) == (0, 2) and "2 records stay" in busy.warnings[0]
    assert world.ends("preflight").events == 2


def test_lines_that_were_torn_are_passed_over(world: World) -> None:
    world.make_groups("preflight")
    world.task("preflight", "one")
    descriptor = os.open(world.path, os.O_WRONLY | os.O_APPEND)
    os.write(descriptor, b'{"step": "preflight", "task": "torn')
    os.close(descriptor)
    assert world.ends("preflight").events == 2
    assert [event.get("task") for event in world.events("preflight")] == ["one", None]
    world.path.with_name(world.path.name + ".shipped").write_text("{not json")
    assert shipping.pending(spool.read(world.path), spool.read_shipped(world.path))
