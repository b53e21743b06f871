# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as a document: complete, the same for people and programs, without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import (
    checks,
    document,
    estimating,
    prices,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.case import Case
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.database import (
    LiveDatabase,
    LoginRole,
    NoLogin,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.digest import digest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact, Resumed
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.selection import Wish
from plan_world import KEY, WISHES, case, snapshot, target


def plan(of: Case) -> dict[str, Any]:
    work = document.work_of(of)
    cost = estimating.cost(work, prices.merged(prices.SHIPPED, {}))
    return document.build(of, checks.run_checks(of), estimating.durations(work, []), cost)


def changes(made: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {item["key"]: (item["now"], item["after"]) for item in made["changes"] if item["differs"]}


def test_it_is_plain_json() -> None:
    made = plan(case())
    assert json.loads(json.dumps(made)) == made


def test_it_holds_no_password() -> None:
    of = case()
    made = plan(of)
    shown = json.dumps(made) + document.markdown(made) + "\n".join(document.lines(made))
    values = [*(of.world.master_secret.value or {}).items(), *(of.world.app_secret.value or {}).items()]
    assert [key for key, value in values if "password" in key and value in shown] == []
    assert "shop_app" in shown


def test_people_and_programs_get_the_same() -> None:
    made = plan(case())
    text, markdown = "\n".join(document.lines(made)), document.markdown(made).replace("\\", "")
    for item in made["actions"]:
        assert str(item["resource"]) in text
        assert str(item["resource"]) in markdown
    for item in made["changes"]:
        assert item["key"] in markdown
    for item in made["checks"]:
        assert item["name"] in markdown
    assert made["digest"] in text
    assert made["digest"] in markdown


def test_the_target_now_and_afterwards() -> None:
    assert changes(plan(case({"overrides": {"port": 5555}}))) == {
        "engine_version": ("17.2", "17.4"),
        "port": (5433, 5555),
        "instances[1].id": ("shop-staging-1", "shop-staging-3n4p7s9t-1"),
        "instances[2].id": ("shop-staging-2", "shop-staging-3n4p7s9t-2"),
    }


def test_one_member_less() -> None:
    one = [{"db_instance_class": "db.r6g.xlarge"}]
    found = changes(plan(case({"overrides": {"instances": one}})))
    assert found["instances[1].db_instance_class"] == ("db.r6g.large", "db.r6g.xlarge")
    assert found["instances[2].db_instance_class"] == ("db.t4g.medium", None)


def test_without_a_target_everything_is_new() -> None:
    made = plan(case(world={"target": Fact(None)}))
    assert {item["now"] for item in made["changes"]} == {None}
    assert made["replaced"] == {"resource_id": None}


def test_nested_settings_are_one_level() -> None:
    scaling = {"min_capacity": 0.5, "max_capacity": 8.0, "seconds_until_auto_pause": None}
    assert document.flat({"serverless_v2_scaling_configuration": scaling, "lost": ["x"], "tags": {}}) == {
        "serverless_v2_scaling_configuration.min_capacity": 0.5,
        "serverless_v2_scaling_configuration.max_capacity": 8.0,
    }


def test_the_order_of_a_list_is_no_difference() -> None:
    assert document.flat({"vpc_security_group_ids": ["b", "a"]}) == document.flat(
        {"vpc_security_group_ids": ["a", "b"]}
    )


def test_why_the_others_were_passed_over() -> None:
    older = snapshot(name="older", SnapshotCreateTime=snapshot().created_at.replace(year=2025))  # type: ignore[union-attr]
    failed = snapshot(name="failed", Status="failed")
    made = plan(case(world={"snapshots": Fact([older, failed, snapshot()])}))["snapshot"]
    assert made["chosen"]["arn"] == snapshot().arn
    assert {item["id"]: item["reason"] for item in made["passed_over"]} == {
        "older": "it is older than the chosen one",
        "failed": "its status is failed",
    }
    assert made["candidates"] == 3


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        ({}, "the newest usable one of cluster shop-production in us-east-1"),
        ({"snapshot": Wish(snapshot_id="x")}, "the one asked for, x"),
        (
            {"snapshot": Wish(prefix="x", snapshot_type="manual", max_age_hours=24.0)},
            "only manual ones, whose id starts with x, not older than 24 hours",
        ),
        ({"resumed": Resumed({"db_cluster_snapshot_arn": "x"})}, f"operation {WISHES.operation_id} has pinned"),
    ],
)
def test_the_rule(wishes: dict[str, Any], says: str) -> None:
    assert says in document.rule(case(wishes).wishes)


def test_a_run_that_would_be_refused_says_so_first() -> None:
    made = plan(case({"kms_key_id": "alias/none"}, key=Fact(None)))
    assert made["refused"]
    assert made["failures"]
    text = document.lines(made)
    assert any("REFUSED: 1 problem" in line for line in text[:4])
    assert any(made["failures"][0] in line for line in text[:5])


def test_a_resumed_operation_says_so() -> None:
    made = plan(case({"resumed": Resumed({"db_cluster_snapshot_arn": snapshot().arn}, attempt=3, begun=True)}))
    assert made["operation"] == {"id": WISHES.operation_id, "resumed": True, "attempt": 3, "begun": True}
    assert any("resume operation" in line and "attempt 3" in line for line in document.lines(made))


def test_another_result_of_the_checks_is_another_plan() -> None:
    made = plan(case())
    other = document.with_checks(made, [*made["checks"], checks.blocked("signed_plan", "Something is different.")])
    assert other["refused"]
    assert other["failures"] == ["Something is different."]
    assert other["digest"] == digest(other) != made["digest"]


def test_names_do_not_break_the_table() -> None:
    made = plan(case(world={"target": Fact(target(DBSubnetGroup="a|b"))}))
    rows = [line for line in document.markdown(made).splitlines() if "db\\_subnet" in line]
    assert "a\\|b" in rows[0]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ((5, 5, 5), "5 s"),
        ((600, 300, 1800), "10 min (5 min to 30 min)"),
        ((9000, 7200, 36000), "2.5 h (2.0 h to 10.0 h)"),
    ],
)
def test_durations_are_said_with_their_range(seconds: tuple[int, int, int], said: str) -> None:
    usual, low, high = seconds
    assert document.spread({"seconds": usual, "low_seconds": low, "high_seconds": high}) == said


def test_logins_now_and_afterwards() -> None:
    """Those of the live database, whatever becomes of them, and those that are set up."""
    live = LiveDatabase([LoginRole("shop_app", ["writers"], ["shop.shop: SELECT"]), LoginRole("jane.doe")], ["shop"])
    text = document.lines(plan(case(database=Fact(live))))
    rows = {
        line.split()[0]: " ".join(line.split()[1:]) for line in text[text.index("LOGINS NOW AND AFTERWARDS") :] if line
    }
    assert rows["shop_app"].startswith("member of writers; shop.shop: SELECT SELECT, INSERT")
    assert rows["jane.doe"] == "can log in shut out (NOLOGIN)"
    assert rows["shop_readonly"].startswith("none SELECT")
    unseen = "\n".join(document.lines(plan(case(database=Fact(error=NoLogin("reachable, but no login"))))))
    assert "Now not seen: reachable, but no login." in unseen


def test_the_key_of_the_plan_is_an_arn() -> None:
    assert plan(case())["kms_key_id"] == KEY
