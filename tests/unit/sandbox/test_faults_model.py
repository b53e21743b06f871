# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults as a file says them: what is refused, which calls they are about, which of those they hit."""

from __future__ import annotations

import re
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from sandbox.clock import ManualClock
from sandbox.errors import SandboxError
from sandbox.faults import Attempt, Fault, Faults, Limits, Phase, parse_faults
from sandbox.faults.limits import Rates
from sandbox.faults.logs import split
from sandbox.faults.matching import draw, is_about, is_hit, names_of
from sandbox.faults.model import EFFECTS, Command, DisableKey, Error, Fate, RejectsLogEvents
from sandbox.gateway.wire import Call
from sandbox.scenario import load

THROTTLED = {"error": {"code": "Throttling"}}


def fault(**mapping: Any) -> Fault:
    return Fault.parse(mapping or THROTTLED, "file.yml: faults[0]")


def call(action: str = "CopyDBClusterSnapshot", service: str = "rds", resource: str | None = "copy") -> Call:
    return Call(service, "us-west-2", action, "AKIA", "query", {}, "", resource)


def hits(faults: Faults, calls: list[Call]) -> list[bool]:
    return [bool(faults.hits(Attempt(item, "1", "p"), Phase.BEFORE)) for item in calls]


def opened(*mappings: dict[str, Any], seed: int = 1, clock: ManualClock | None = None) -> Faults:
    faults = Faults(parse_faults(mappings, "faults"), seed, clock or ManualClock())
    faults.open()
    return faults


# reading


def test_forms_of_values() -> None:
    assert fault(**THROTTLED, service="rds", nth=2, action=["Copy*", "Restore*"]) == Fault(
        "fault-1", service=("rds",), action=("Copy*", "Restore*"), nth=(2,), effect=Error("Throttling", "")
    )
    assert fault(command="echo").effect == Command("echo")
    assert fault(command=["a", "b"]).effect == Command(("a", "b"))
    assert fault(command={"run": ["a"], "timeout_seconds": 5}).effect == Command(("a",), 5)
    assert fault(disable_key="alias/a").effect == DisableKey("alias/a")
    assert fault(disable_key={"key": "k", "region": "r"}).effect == DisableKey("k", "r")
    assert fault(action="CopyDBClusterSnapshot", stalls={"at_percent": 40}).effect == Fate(None, 40)
    assert fault(delay_seconds=5).effect is None


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"service": "rsd", **THROTTLED}, "AWS has no service rsd (did you mean "),
        ({"service": "x*", "action": "Copy*", **THROTTLED}, "AWS has no service x*."),
        (
            {"service": "rds", "action": "CopyDBClusterSnapshots", **THROTTLED},
            "there is no action CopyDBClusterSnapshots of rds (did you mean CopyDBClusterSnapshot",
        ),
        ({"action": ["PutItem", "Frobnicate*"], **THROTTLED}, "there is no action Frobnicate*"),
        (
            {"service": "rds", "error": {"code": "DBClusterNotFound"}},
            "rds has no error code DBClusterNotFound (did you mean DBClusterNotFoundFault",
        ),
        # A code of another service.
        ({"service": "rds", "error": {"code": "ConditionalCheckFailedException"}}, "rds has no error code"),
        ({"action": "PutItem", "error": {"code": "DBClusterNotFoundFault"}}, "dynamodb has no error code"),
        ({**THROTTLED, "drop": True}, "a fault has one effect, not both error and drop"),
        (
            {"service": "s3", "action": "GetObject", **THROTTLED},
            "calls of s3, which has a REST protocol, are not known",
        ),
        ({"service": "rds"}, "nothing happens; say one of error, drop, ends"),
        ({**THROTTLED, "nth": 1, "probability": 0.5}, "either nth or probability"),
        (
            {"action": "DescribeDBClusters", "ends": {"status": "failed"}},
            "only what these actions begin can end or stall: CopyDBClusterSnapshot",
        ),
        (
            {"action": "CopyDBClusterSnapshot", "ends": {"status": "incompatible-restore"}},
            "what these calls begin can't end in incompatible-restore; but in failed",
        ),
        ({"action": "PutItem", "rejects_log_events": {"too_old": 1}}, "only PutLogEvents of logs rejects log events"),
        ({"action": "Copy*", "stalls": {}, "when": "after"}, "this effect has its own moment"),
    ],
)
def test_what_is_refused(mapping: dict[str, Any], said: str) -> None:
    with pytest.raises(SandboxError) as caught:
        fault(**mapping)
    text = str(caught.value)
    assert text.startswith("file.yml: faults[0]: ") and said in text and "\n" not in text


def test_unlisted_code_may_be_wanted() -> None:
    assert fault(service="rds", error={"code": "BrandNew", "unlisted": True}).effect == Error("BrandNew", "")


def test_names() -> None:
    listed = [THROTTLED, {**THROTTLED, "name": "busy"}, THROTTLED]
    assert [item.name for item in parse_faults(listed, "faults")] == ["fault-1", "busy", "fault-3"]
    with pytest.raises(SandboxError, match="two faults are named busy"):
        parse_faults([{**THROTTLED, "name": "busy"}] * 2, "faults")


# matching


@pytest.mark.parametrize(
    ("mapping", "about"),
    [
        ({}, True),
        ({"service": "rds"}, True),
        ({"service": ["dynamodb", "rd?"]}, True),
        ({"service": "dynamodb"}, False),
        ({"action": ["Copy*", "Restore*"]}, True),
        ({"action": "RestoreDBClusterFromSnapshot"}, False),
        ({"region": "us-west-*"}, True),
        ({"region": "us-east-1"}, False),
        ({"resource": "COPY"}, True),  # RDS stores names in lower case
        ({"resource": "cop"}, False),
        ({"principal": "*:user/operator"}, True),
        ({"principal": "*:assumed-role/*"}, False),
        ({"after_seconds": 10}, True),
        ({"after_seconds": 10.5}, False),
    ],
)
def test_what_a_fault_is_about(mapping: dict[str, Any], about: bool) -> None:
    principal = "arn:aws:iam::1:user/operator"
    assert is_about(fault(**mapping, **THROTTLED), call(), principal, seconds=10) is about


def test_calls_about_nothing_match_no_resource() -> None:
    assert not is_about(fault(resource="*", **THROTTLED), call(resource=None), "p", 0)


def test_names_in_arns() -> None:
    assert "rds:shop-2026" in names_of("arn:aws:rds:us-west-2:1:cluster-snapshot:rds:shop-2026")
    assert "state" in names_of("arn:aws:dynamodb:us-west-2:1:table/state")
    assert "topic" in names_of("arn:aws:sns:us-west-2:1:topic")
    assert names_of("rds:shop-2026") == ["rds:shop-2026"]


# counting


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 2}, [2]),
        ({"nth": [1, 3]}, [1, 3]),
        ({"times": 2}, [1, 2]),
        ({"nth": [2, 3, 5], "times": 2}, [2, 3]),
        ({"probability": 1}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_which_calls_are_hit(mapping: dict[str, Any], expected: list[int]) -> None:
    seen = hits(opened({**THROTTLED, **mapping}), [call()] * 6)
    assert [number for number, hit in enumerate(seen, 1) if hit] == expected


def test_what_is_counted_apart() -> None:
    calls = [
        call("CopyDBClusterSnapshot", resource="a"), call("CopyDBClusterSnapshot", resource="b"),
        call("DeleteDBCluster", resource="a"), call("CopyDBClusterSnapshot", resource="a"),
    ]  # fmt: skip
    assert hits(opened({**THROTTLED, "times": 1}), calls) == [True, False, False, False]
    assert hits(opened({**THROTTLED, "times": 1, "each": "action"}), calls) == [True, False, True, False]
    assert hits(opened({**THROTTLED, "times": 1, "each": "resource"}), calls) == [True, True, True, False]


def test_calls_before_its_time_are_not_counted() -> None:
    clock = ManualClock()
    faults = opened({**THROTTLED, "nth": 1, "after_seconds": 5}, clock=clock)
    assert hits(faults, [call()] * 2) == [False, False]
    clock.advance(5)
    assert hits(faults, [call()] * 2) == [True, False]
    assert faults.summary() == [{"name": "fault-1", "matched": 2, "hit": 1, "problems": []}]


def test_draws_depend_on_seed_and_number_alone() -> None:
    faulty = fault(**THROTTLED, probability=0.5)
    assert draw(1, faulty, (), 3) == draw(1, faulty, (), 3)
    assert len({draw(1, faulty, (), number) for number in range(50)}) == 50
    assert draw(1, faulty, (), 1) != draw(2, faulty, (), 1)
    assert not is_hit(faulty, 1, 0, 0.5) and is_hit(faulty, 1, 0, 0.49)


def test_calls_of_other_services_do_not_change_what_is_drawn() -> None:
    mapping = {**THROTTLED, "service": "rds", "probability": 0.5}
    alone = hits(opened(mapping), [call()] * 40)
    mixed = hits(opened(mapping), [call("PutItem", "dynamodb"), call()] * 40)
    assert mixed[1::2] == alone and True in alone and False in alone
    assert not any(mixed[::2])


def test_counting_from_many_threads() -> None:
    faults = opened({**THROTTLED, "times": 50})
    counted: list[list[bool]] = []
    threads = [threading.Thread(target=lambda: counted.append(hits(faults, [call()] * 100))) for _thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(map(sum, counted)) == 50
    assert faults.summary()[0]["matched"] == 800


# log events


@pytest.mark.parametrize(
    ("effect", "left", "info"),
    [
        (RejectsLogEvents(too_old=2), "cde", {"tooOldLogEventEndIndex": 2}),
        (RejectsLogEvents(too_new=2), "abc", {"tooNewLogEventStartIndex": 3}),
        (RejectsLogEvents(expired=1), "bcde", {"expiredLogEventEndIndex": 1}),
        (RejectsLogEvents(too_old=4, too_new=4), "", {"tooOldLogEventEndIndex": 4, "tooNewLogEventStartIndex": 4}),
        (RejectsLogEvents(too_old=9), "", {"tooOldLogEventEndIndex": 5}),
        (RejectsLogEvents(), "abcde", {}),
    ],
)
def test_rejected_log_events(effect: RejectsLogEvents, left: str, info: dict[str, int]) -> None:
    parameters, said = split({"logGroupName": "g", "logEvents": list("abcde")}, effect)
    assert ("".join(parameters["logEvents"]), said, parameters["logGroupName"]) == (left, info, "g")


# limits


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"cluster": 3}, "there is no limit cluster (did you mean clusters"),
        ({"clusters": -1}, "limits.clusters: must be a whole number"),
        ({"instances": True}, "limits.instances: must be a whole number"),
        ({"burst": 0}, "limits.burst: must be a whole number"),
        ({"calls_per_second": 0}, "limits.calls_per_second: must be a number of calls above 0"),
        ({"calls_per_second": {"rsd": 1}}, "AWS has no service rsd"),
    ],
)
def test_limits_that_are_refused(mapping: dict[str, Any], said: str) -> None:
    with pytest.raises(SandboxError) as caught:
        Limits.parse(mapping)
    assert said in str(caught.value)


def test_limits() -> None:
    assert Limits.parse({}) == Limits(40, 40, 100, 5, 5, None)
    assert Limits.parse({"copies_in_progress": 1, "calls_per_second": 2.5}).rate("rds") == 2.5
    assert Limits.parse({"calls_per_second": {"rds": 3}}).rate("kms") is None


def test_rates_fill_up_with_time() -> None:
    clock = ManualClock()
    rates = Rates(Limits(calls_per_second=2), clock)

    def allowed(count: int, account: str = "1") -> int:
        return sum(not rates.is_exceeded(account, "us-west-2", "rds") for _call in range(count))

    assert allowed(9) == 9  # the world is being made
    rates.open()
    assert allowed(9) == 2
    clock.advance(0.5)
    assert allowed(9) == 1
    clock.advance(60)
    assert allowed(9) == 2
    assert allowed(9, account="2") == 2


# documentation


def examples() -> list[str]:
    """The YAML of the reference page."""
    page = Path(__file__).parents[3] / "docs" / "docsite" / "rst" / "sandbox_faults.rst"
    blocks = page.read_text(encoding="utf-8").split(".. code-block:: yaml\n\n")[1:]
    return [re.split(r"\n(?=\S)", block)[0] for block in blocks]


@pytest.mark.parametrize("text", examples())
def test_examples_of_the_documentation(text: str, tmp_path: Path) -> None:
    file = tmp_path / "scenario.yml"
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    scenario = load(file)
    assert scenario.faults or scenario.limits != Limits()


def test_every_effect_has_an_example() -> None:
    read = [yaml.safe_load(textwrap.dedent(text)) for text in examples()]
    shown = {name for content in read for listed in content.get("faults", []) for name in listed}
    assert shown >= {*EFFECTS, "delay_seconds", "each", "nth", "probability", "times", "principal"}
