# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long and how much: from operations that did the same, else from the model; what is not known is said."""

from __future__ import annotations

import datetime
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import estimating, prices, standing
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.estimating import Work
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.records import STEPS

AFTER_PREFLIGHT = STEPS[1:]
R6G = {"db_instance_class": "db.r6g.large"}
V2 = {"db_instance_class": "db.serverless"}
WORK = Work(
    how=dict.fromkeys(AFTER_PREFLIGHT, "start"),
    size_gib=500,
    crosses_regions=True,
    source_region="us-east-1",
    target_region="us-west-2",
    final_snapshot="before",
    members_deleted=2,
    instances=[R6G, R6G],
    scaling=None,
    storage_type=None,
)
HOME = replace(WORK, crosses_regions=False, target_region="us-east-1")
PRICES = prices.merged(prices.SHIPPED, {})
START = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)
TAKEN = {
    "preflight": 10,
    "snapshot_check": 2,
    "snapshot_copy": 1000,
    "cluster_delete": 500,
    "cluster_restore": 800,
    "db_users": 40,
    "notification": 1,
}
# Of the deletion, the final snapshot took so long.
SNAPSHOT = 200


def standing_so(work: Work, **how: str) -> Work:
    return replace(work, how={**work.how, **how})


def operation(factor: float = 1, **changes: Any) -> dict[str, Any]:
    """One that did everything, one step after the other; a name of a step with a dict changes that step's item."""
    moment, steps = START, {}
    for name in STEPS:
        began, moment = moment, moment + datetime.timedelta(seconds=TAKEN[name] * factor)
        steps[name] = {
            "step": name,
            "status": "succeeded",
            "attempt": 1,
            "started_at": began.isoformat(),
            "finished_at": moment.isoformat(),
            "result": {},
        }
    destroyed = datetime.datetime.fromisoformat(steps["cluster_delete"]["started_at"])
    destroyed += datetime.timedelta(seconds=SNAPSHOT * factor)
    steps["snapshot_copy"]["result"] = {"action": "copied"}
    steps["cluster_delete"]["result"] = {"action": "deleted", "first_destructive_at": destroyed.isoformat()}
    steps["cluster_restore"]["result"] = {"action": "restored"}
    steps["db_users"]["result"] = {"login_verified_at": steps["db_users"]["finished_at"]}
    steps["notification"]["result"] = {"sent": True}
    for name in set(changes) & set(STEPS):
        steps[name].update(changes.pop(name))
    whole = {
        "status": "succeeded",
        "attempt": 1,
        "source": {"region": "us-east-1"},
        "options": {"final_snapshot": "before"},
        "steps": steps,
    }
    return {**whole, **changes}


def by_step(work: Work, history: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["step"]: item for item in estimating.durations(work, history)["steps"]}


def spread(item: dict[str, Any]) -> tuple[int, int, int]:
    return item["low_seconds"], item["seconds"], item["high_seconds"]


# ---- durations that always hold


def works() -> Iterator[Work]:
    """Every way that steps can stand, with what else matters drawn at random, the same every time."""
    draw = random.Random(20261101)
    ways = {
        "snapshot_copy": (standing.START, standing.ADOPT, standing.REUSE, standing.SKIP),
        "cluster_delete": (standing.START, standing.ADOPT, standing.SKIP, standing.REMOVE, standing.REFUSE),
        "cluster_restore": (standing.START, standing.ADOPT, standing.REUSE),
        "db_users": (standing.START, standing.REUSE),
        "notification": (standing.START, standing.SKIP),
    }
    for how in itertools.product(*ways.values()):
        for final in ("before", "at_delete", "none"):
            yield replace(
                WORK,
                how=dict(zip(ways, how, strict=True)),
                size_gib=draw.choice([None, 0, 1, 2, 37, 500, 20_000]),
                crosses_regions=draw.random() < 0.5,
                target_region=draw.choice(["us-east-1", "us-west-2", "eu-central-1"]),
                final_snapshot=final,
                members_deleted=draw.randrange(4),
                instances=[
                    draw.choice([R6G, V2, {"db_instance_class": "db.x9.huge"}]) for _member in range(draw.randrange(5))
                ],
                scaling=draw.choice([None, {}, {"min_capacity": 0, "max_capacity": 8.5}]),
                storage_type=draw.choice([None, "aurora", "aurora-iopt1"]),
            )


def histories() -> list[list[dict[str, Any]]]:
    draw = random.Random(5)
    modes = ("before", "at_delete", "none")
    drawn = [
        operation(draw.uniform(0.1, 30), options={"final_snapshot": draw.choice(modes)}) for _operation in range(7)
    ]
    return [[], drawn, [operation(0.013)], [operation(snapshot_copy={"result": {"action": "reused"}})]]


@pytest.mark.parametrize("history", histories())
def test_low_is_not_above_usual_nor_usual_above_high_and_all_adds_up(history: list[dict[str, Any]]) -> None:
    for work in works():
        made = estimating.durations(work, history)
        for item in (*made["steps"], made["total"], made["downtime"]):
            assert 0 <= item["low_seconds"] <= item["seconds"] <= item["high_seconds"], (work, item)
            assert item["basis"]
        assert [item["step"] for item in made["steps"]] == list(STEPS)
        for key in ("seconds", "low_seconds", "high_seconds"):
            assert made["total"][key] == sum(item[key] for item in made["steps"])
        assert json.loads(json.dumps(made)) == made


def test_by_the_model_the_target_is_gone_for_a_part_of_the_time() -> None:
    for work in works():
        made = estimating.durations(work, [])
        for key in ("seconds", "low_seconds", "high_seconds"):
            assert made["downtime"][key] <= made["total"][key], work


def test_what_is_bigger_takes_longer() -> None:
    sizes = [2, 50, 500, 5000]
    made = [estimating.durations(replace(WORK, size_gib=size), []) for size in sizes]
    for smaller, bigger in itertools.pairwise(made):
        assert spread(smaller["total"]) < spread(bigger["total"])
        assert spread(smaller["downtime"]) < spread(bigger["downtime"])


# ---- the model


def test_without_a_history_the_model_speaks_and_says_so() -> None:
    made = estimating.durations(WORK, [])
    assert {item["basis"] for item in made["steps"]} == {"model"}
    assert (made["total"]["basis"], made["downtime"]["basis"]) == ("model", "model")
    assert made["size_gib"] == 500


@pytest.mark.parametrize("size", [None, 0, 1])
def test_a_size_that_says_nothing_makes_the_range_wide(size: int | None) -> None:
    made = estimating.durations(replace(WORK, size_gib=size), [])
    steps = {item["step"]: item for item in made["steps"]}
    assert made["size_gib"] is None
    assert [name for name in STEPS if steps[name]["basis"] == "model, size not known"] == [
        "snapshot_copy",
        "cluster_delete",
        "cluster_restore",
    ]
    assert made["total"]["basis"] == made["downtime"]["basis"] == "model, size not known"
    for known in (2, 500, 2048):
        sure = by_step(replace(WORK, size_gib=known), [])["cluster_restore"]
        unsure = steps["cluster_restore"]
        assert unsure["low_seconds"] <= sure["low_seconds"]
        assert sure["high_seconds"] <= unsure["high_seconds"]


@pytest.mark.parametrize(
    ("final", "how", "basis"),
    [
        ("before", "start", "model, size not known"),
        ("at_delete", "start", "model, size not known"),
        ("none", "start", "model"),
        ("before", "remove", "model"),
    ],
)
def test_a_deletion_depends_on_the_size_by_its_snapshot_only(final: str, how: str, basis: str) -> None:
    work = standing_so(replace(WORK, size_gib=None, final_snapshot=final), cluster_delete=how)
    assert by_step(work, [])["cluster_delete"]["basis"] == basis


def test_a_restore_of_two_tib_takes_about_half_an_hour_more() -> None:
    small, big = (by_step(replace(WORK, size_gib=size), [])["cluster_restore"] for size in (2, 2048))
    assert 20 * 60 <= big["seconds"] - small["seconds"] <= 40 * 60
    assert big["high_seconds"] >= 2 * 3600


def test_the_model_is_that_of_the_page() -> None:
    """Added up by hand from the table in plan_estimates.rst, for 500 GiB."""
    within = by_step(HOME, [])
    across = by_step(WORK, [])
    assert spread(across["preflight"]) == (5, 15, 60)
    assert spread(across["snapshot_check"]) == (1, 3, 30)
    assert spread(across["snapshot_copy"]) == (120 + 2250, 300 + 9000, 900 + 36000)
    assert spread(within["snapshot_copy"]) == (120 + 900, 300 + 3000, 900 + 12000)
    snapshot, members, cluster = (60, 180 + 50, 900 + 500), (120, 300, 900), (120, 300, 900)
    assert spread(across["cluster_delete"]) == tuple(map(sum, zip(snapshot, members, cluster, strict=True)))
    volume, instances = (120 + 100, 300 + 375, 900 + 2000), (2 * 300, 2 * 480, 2 * 1200)
    assert spread(across["cluster_restore"]) == tuple(map(sum, zip(volume, instances, strict=True)))
    assert spread(across["db_users"]) == (10, 30, 300)
    assert spread(across["notification"]) == (1, 2, 15)
    assert spread(by_step(standing_so(WORK, snapshot_copy="skip"), [])["snapshot_copy"]) == (0, 3, 15)


def test_a_cluster_without_members_is_deleted_sooner() -> None:
    full, empty = (by_step(replace(WORK, members_deleted=number), [])["cluster_delete"] for number in (3, 0))
    assert tuple(map(int.__sub__, spread(full), spread(empty))) == (120, 300, 900)


def test_a_copy_to_another_region_takes_longer_than_one_within() -> None:
    assert spread(by_step(HOME, [])["snapshot_copy"]) < spread(by_step(WORK, [])["snapshot_copy"])


def test_readers_are_made_at_the_same_time_and_after_the_writer() -> None:
    none, one, two, five = (
        by_step(replace(WORK, instances=[R6G] * number), [])["cluster_restore"]["seconds"] for number in (0, 1, 2, 5)
    )
    assert none < one < two == five
    assert two - one == one - none


def test_a_final_snapshot_before_is_no_downtime_one_within_the_deletion_is() -> None:
    before, within, without = (
        estimating.durations(replace(WORK, final_snapshot=mode), []) for mode in ("before", "at_delete", "none")
    )
    assert before["total"]["seconds"] == within["total"]["seconds"] > without["total"]["seconds"]
    assert before["downtime"] == without["downtime"]
    assert within["downtime"]["seconds"] - before["downtime"]["seconds"] == (
        within["total"]["seconds"] - without["total"]["seconds"]
    )


def test_downtime_is_deletion_restore_and_users() -> None:
    plain = estimating.durations(replace(WORK, final_snapshot="none"), [])
    steps = {item["step"]: item for item in plain["steps"]}
    for key in ("seconds", "low_seconds", "high_seconds"):
        parts = ("cluster_delete", "cluster_restore", "db_users")
        assert plain["downtime"][key] == sum(steps[name][key] for name in parts)


# ---- how steps stand


@pytest.mark.parametrize("how", [standing.REUSE, standing.SKIP])
def test_what_is_done_already_takes_next_to_nothing(how: str) -> None:
    item = by_step(standing_so(WORK, snapshot_copy=how), [operation()])["snapshot_copy"]
    assert item["basis"] == "nothing to do"
    assert item["high_seconds"] < 60


@pytest.mark.parametrize(("history", "basis"), [([], "model"), ([operation()], "history of 1 operation")])
def test_what_is_gone_on_with_takes_at_most_its_whole_time(history: list[dict[str, Any]], basis: str) -> None:
    whole = by_step(WORK, history)["snapshot_copy"]
    rest = by_step(standing_so(WORK, snapshot_copy=standing.ADOPT), history)["snapshot_copy"]
    assert spread(rest) == (0, whole["seconds"], whole["high_seconds"])
    assert rest["basis"] == f"{basis}, at most"


def test_at_most_and_an_unknown_size_are_both_said() -> None:
    work = replace(standing_so(WORK, snapshot_copy=standing.ADOPT), size_gib=None)
    made = estimating.durations(work, [])
    assert made["steps"][2]["basis"] == "model, size not known, at most"
    assert made["total"]["basis"] == "model, size not known, at most"


def test_a_wreck_is_removed_without_a_snapshot() -> None:
    wreck = by_step(standing_so(WORK, cluster_delete=standing.REMOVE), [])["cluster_delete"]
    assert spread(wreck) == spread(by_step(replace(WORK, final_snapshot="none"), [])["cluster_delete"])


def test_what_is_refused_takes_nothing() -> None:
    made = estimating.durations(standing_so(WORK, cluster_delete=standing.REFUSE), [operation()])
    assert spread(made["steps"][3]) == spread(made["downtime"]) == (0, 0, 0)
    assert made["steps"][3]["basis"] == made["downtime"]["basis"] == "refused"


@pytest.mark.parametrize("how", [standing.SKIP, standing.ADOPT, standing.REMOVE])
def test_a_target_that_is_gone_already_is_so_until_logins_work(how: str) -> None:
    made = estimating.durations(standing_so(WORK, cluster_delete=how), [operation()])
    until = [item for item in made["steps"] if item["step"] != "notification"]
    for key in ("seconds", "low_seconds", "high_seconds"):
        assert made["downtime"][key] == sum(item[key] for item in until)
    assert "none that can be used now: until logins work" in made["downtime"]["basis"]


def test_a_resume_that_only_tells_people_has_no_downtime() -> None:
    done = standing_so(WORK, cluster_delete="skip", cluster_restore="reuse", db_users="reuse", snapshot_copy="reuse")
    made = estimating.durations(done, [])
    assert spread(made["downtime"]) == (0, 0, 0)
    assert made["downtime"]["basis"] == "nothing to do"


# ---- history


def test_a_history_is_believed_rather_than_the_model() -> None:
    made = estimating.durations(WORK, [operation(1), operation(3), operation(2)])
    for item in made["steps"]:
        usual = TAKEN[item["step"]]
        assert spread(item) == (usual, 2 * usual, 3 * usual)
        assert item["basis"] == "history of 3 operations"
    gone = TAKEN["cluster_delete"] - SNAPSHOT + TAKEN["cluster_restore"] + TAKEN["db_users"]
    assert spread(made["downtime"]) == (gone, 2 * gone, 3 * gone)
    assert made["downtime"]["basis"] == made["total"]["basis"] == "history of 3 operations"


def test_only_the_last_five_that_succeeded_count() -> None:
    past = [operation(9, status="failed"), *(operation(number) for number in (1, 2, 3, 4, 5, 50))]
    item = by_step(WORK, past)["cluster_restore"]
    assert spread(item) == (800, 2400, 4000)
    assert item["basis"] == "history of 5 operations"


@pytest.mark.parametrize(
    ("step", "other"),
    [
        ("snapshot_copy", {"snapshot_copy": {"result": {"action": "reused"}}}),
        ("snapshot_copy", {"snapshot_copy": {"result": {"action": "adopted"}}}),
        ("snapshot_copy", {"snapshot_copy": {"result": {"action": "source"}}}),
        ("snapshot_copy", {"source": {"region": "us-west-2"}}),
        ("snapshot_copy", {"snapshot_copy": {"attempt": 2}}),
        ("snapshot_copy", {"snapshot_copy": {"status": "skipped"}}),
        ("cluster_delete", {"cluster_delete": {"result": {"action": "absent"}}}),
        ("cluster_delete", {"cluster_delete": {"result": {"action": "adopted"}}}),
        ("cluster_delete", {"options": {"final_snapshot": "none"}}),
        ("cluster_delete", {"options": {}}),
        ("cluster_restore", {"cluster_restore": {"result": {"action": "adopted"}}}),
        ("cluster_restore", {"cluster_restore": {"result": {"action": "unchanged"}}}),
        ("cluster_restore", {"cluster_restore": {"finished_at": None}}),
        ("cluster_restore", {"cluster_restore": {"attempt": 3}}),
        ("notification", {"notification": {"result": {"sent": False}}}),
        ("db_users", {"db_users": {"started_at": "2027-01-01T00:00:00Z"}}),  # a clock that was set back
    ],
)
def test_other_work_says_nothing(step: str, other: dict[str, Any]) -> None:
    assert by_step(WORK, [operation()])[step]["basis"] == "history of 1 operation"
    assert by_step(WORK, [operation(**other)])[step]["basis"] == "model"
    assert by_step(WORK, [operation(7, **other), operation()])[step]["seconds"] == TAKEN[step]


def test_a_sum_of_both_says_so() -> None:
    made = estimating.durations(WORK, [operation(cluster_restore={"result": {"action": "adopted"}})])
    assert made["total"]["basis"] == made["downtime"]["basis"] == "model, in part history"
    steps = {item["step"]: item for item in made["steps"]}
    removing = TAKEN["cluster_delete"] - SNAPSHOT
    assert made["downtime"]["seconds"] == removing + steps["cluster_restore"]["seconds"] + TAKEN["db_users"]


def test_a_sum_is_of_as_many_operations_as_each_of_its_parts() -> None:
    made = estimating.durations(WORK, [operation(), operation(snapshot_copy={"result": {"action": "reused"}})])
    assert made["total"]["basis"] == "history of 1 operation"


@pytest.mark.parametrize(
    "other",
    [
        {"attempt": 2},  # nobody knows how long it lay between its attempts
        {"cluster_delete": {"result": {"action": "deleted"}}},
        {"db_users": {"result": {}}},
        {"options": {"final_snapshot": "at_delete"}},
    ],
)
def test_downtime_is_of_operations_that_were_gone_for_as_long(other: dict[str, Any]) -> None:
    usual = estimating.durations(WORK, [operation()])["downtime"]["seconds"]
    assert usual == TAKEN["cluster_delete"] - SNAPSHOT + TAKEN["cluster_restore"] + TAKEN["db_users"]
    # The slower one would show: it is twice the other.
    assert estimating.durations(WORK, [operation(2, **other), operation()])["downtime"]["seconds"] == usual


def test_downtime_with_another_kind_of_snapshot_outside_of_it_is_the_same() -> None:
    made = estimating.durations(replace(WORK, final_snapshot="none"), [operation()])
    assert made["downtime"]["basis"] == "history of 1 operation"


# ---- cost


def items(work: Work, table: dict[str, Any] = PRICES) -> dict[str, dict[str, Any]]:
    return {item["what"]: item for item in estimating.cost(work, table)["items"]}


def test_every_amount_is_quantity_times_price_and_sums_are_sums() -> None:
    for work in works():
        made = estimating.cost(work, PRICES)
        for item in made["items"]:
            assert item["amount"] == pytest.approx(item["quantity"] * item["price"], abs=1e-6)
            assert item["amount"] >= 0
        for key, per in (("once", "once"), ("per_hour", "hour"), ("per_month", "month")):
            assert made[key] == pytest.approx(sum(item["amount"] for item in made["items"] if item["per"] == per))
        assert json.loads(json.dumps(made)) == made
        for sentence in made["unknown"]:
            assert sentence[0].isupper()
            assert sentence.endswith(".")
            assert "None" not in sentence


def test_cost_of_a_restore_within_a_region() -> None:
    assert estimating.cost(HOME, PRICES) == {
        "currency": "USD",
        "items": [
            {"what": "storage of the copy", "quantity": 500, "unit": "GB-months", "price": 0.021, "amount": 10.5,
             "per": "month"},
            {"what": "instances of class db.r6g.large", "quantity": 2, "unit": "instance-hours", "price": 0.26,
             "amount": 0.52, "per": "hour"},
            {"what": "storage of the cluster", "quantity": 500, "unit": "GB-months", "price": 0.1, "amount": 50.0,
             "per": "month"},
        ],
        "once": 0.0,
        "per_hour": 0.52,
        "per_month": 60.5,
        "prices": {
            "region": "us-east-1",
            "date": prices.SHIPPED["us-east-1"]["date"],
            "source": prices.SHIPPED["us-east-1"]["source"],
        },
        "unknown": [
            "Storage of the final snapshot: its size is that of the target, its price USD 0.021 for each GB a month.",
            "I/O requests: their number depends on use, their price is USD 0.2 for each million.",
        ],
    }  # fmt: skip


def test_transfer_is_paid_where_the_data_leaves() -> None:
    made = estimating.cost(WORK, PRICES)
    assert made["items"][0] == {
        "what": "transfer of the copy from us-east-1", "quantity": 500, "unit": "GB", "price": 0.02, "amount": 10.0,
        "per": "once",
    }  # fmt: skip
    assert made["once"] == 10.0
    assert made["prices"]["date"] == "2025; 2026-07-28"


@pytest.mark.parametrize("how", [standing.REUSE, standing.SKIP])
def test_a_copy_that_is_there_is_not_sent_again(how: str) -> None:
    made = estimating.cost(standing_so(WORK, snapshot_copy=how), PRICES)
    assert made["once"] == 0
    assert made["prices"]["date"] == "2025"
    assert ("storage of the copy" in items(standing_so(WORK, snapshot_copy=how))) == (how == standing.REUSE)


def test_io_optimized_costs_more_and_its_requests_nothing() -> None:
    fast = replace(
        HOME, storage_type="aurora-iopt1", instances=[R6G, V2], scaling={"min_capacity": 1, "max_capacity": 1}
    )
    made = items(fast)
    assert made["instances of class db.r6g.large"]["price"] == 0.338
    assert made["instances of class db.serverless, at their least"]["price"] == 0.16
    assert made["storage of the cluster"]["price"] == 0.225
    assert not any("I/O" in sentence for sentence in estimating.cost(fast, PRICES)["unknown"])


def test_a_price_of_ones_own_for_io_optimized_wins_over_the_factor() -> None:
    table = prices.merged(prices.SHIPPED, {"us-east-1": {"instances_io_optimized": {"db.r6g.large": 0.3}}})
    assert items(replace(HOME, storage_type="aurora-iopt1"), table)["instances of class db.r6g.large"]["price"] == 0.3


def test_without_a_factor_there_is_no_guess() -> None:
    made = estimating.cost(
        replace(HOME, storage_type="aurora-iopt1"), {"us-east-1": {"instances": {"db.r6g.large": 0.26}}}
    )
    assert "Instances of class db.r6g.large: no price is known for us-east-1." in made["unknown"]
    assert made["per_hour"] == 0


def test_serverless_costs_its_least_and_says_its_most() -> None:
    work = replace(HOME, instances=[V2, V2], scaling={"min_capacity": 0.5, "max_capacity": 16})
    made = estimating.cost(work, PRICES)
    assert made["per_hour"] == 0.12
    assert (
        "Instances of class db.serverless: what they use above 0.5 ACUs each; at most, 16 each, they cost USD 3.84 an"
        " hour in all."
    ) in made["unknown"]


def test_serverless_that_may_pause_costs_nothing_at_its_least() -> None:
    work = replace(HOME, instances=[V2], scaling={"min_capacity": 0, "max_capacity": 4})
    assert estimating.cost(work, PRICES)["per_hour"] == 0
    assert items(work)["instances of class db.serverless, at their least"]["amount"] == 0


def test_serverless_that_never_grows_has_no_more_to_say() -> None:
    work = replace(HOME, instances=[V2], scaling={"min_capacity": 2, "max_capacity": 2})
    assert not any("serverless" in sentence for sentence in estimating.cost(work, PRICES)["unknown"])


@pytest.mark.parametrize("scaling", [None, {}, {"min_capacity": 1}])
def test_serverless_without_a_capacity_is_unknown(scaling: dict[str, Any] | None) -> None:
    made = estimating.cost(replace(HOME, instances=[V2], scaling=scaling), PRICES)
    assert "Instances of class db.serverless: their capacity is not known." in made["unknown"]


def test_a_class_that_is_not_listed_is_unknown_never_guessed() -> None:
    made = estimating.cost(replace(HOME, instances=[R6G, {"db_instance_class": "db.r6i.large"}]), PRICES)
    assert "Instances of class db.r6i.large: no price is known for us-east-1." in made["unknown"]
    assert made["per_hour"] == 0.26


def test_a_region_that_is_not_listed_is_unknown() -> None:
    made = estimating.cost(replace(WORK, target_region="eu-central-1"), PRICES)
    assert (made["items"], made["once"], made["per_hour"], made["per_month"]) == ([], 0, 0, 0)
    assert made["prices"] == {"region": "eu-central-1", "date": "not known", "source": "not known"}
    assert "Transfer of the copy from us-east-1: no price is known for eu-central-1." in made["unknown"]
    assert "Storage of the final snapshot: its size is that of the target, its price not known." in made["unknown"]
    assert len(made["unknown"]) == 6


def test_a_size_that_is_not_known_leaves_the_prices() -> None:
    made = estimating.cost(replace(WORK, size_gib=1), PRICES)
    assert [item["per"] for item in made["items"]] == ["hour"]
    assert made["unknown"][:2] == [
        "Transfer of the copy from us-east-1: the snapshot's size is not known; USD 0.02 for each GB.",
        "Storage of the copy: the snapshot's size is not known; USD 0.021 for each GB a month.",
    ]
    assert "Storage of the cluster: neither the snapshot's size nor the price is known." in made["unknown"]


def test_prices_of_the_inventory_win() -> None:
    table = prices.merged(prices.SHIPPED, {"us-west-2": {"storage": 0.11, "instances": {"db.r6g.large": 0.1}}})
    made = estimating.cost(WORK, table)
    assert made["per_hour"] == 0.2
    assert made["per_month"] == 500 * 0.11 + 10.5
    assert made["prices"]["source"].startswith("aurora_restore_prices; what it lacks: ")


def test_two_currencies_are_not_added() -> None:
    table = prices.merged(prices.SHIPPED, {"us-west-2": {"currency": "EUR", "backup_storage": 0.02}})
    made = estimating.cost(WORK, table)
    assert (made["currency"], made["once"]) == ("EUR", 0)
    assert "Transfer of the copy from us-east-1: no price is known for us-west-2." in made["unknown"]


def test_one_other_currency_is() -> None:
    east, west = {"currency": "EUR", "transfer": {"us-west-2": 0.03}}, {"currency": "EUR", "backup_storage": 0.02}
    made = estimating.cost(WORK, prices.merged(prices.SHIPPED, {"us-east-1": east, "us-west-2": west}))
    assert (made["currency"], made["once"], made["per_month"]) == ("EUR", 15.0, 10.0)


@pytest.mark.parametrize(
    ("final", "how", "said"),
    [
        ("before", "start", True),
        ("at_delete", "adopt", True),
        ("none", "start", False),
        ("before", "skip", False),
        ("before", "remove", False),
    ],
)
def test_a_final_snapshot_is_named_where_one_is_taken(final: str, how: str, said: bool) -> None:
    work = standing_so(replace(WORK, final_snapshot=final), cluster_delete=how)
    assert any("final snapshot" in sentence for sentence in estimating.cost(work, PRICES)["unknown"]) == said


def test_what_is_refused_costs_nothing() -> None:
    made = estimating.cost(standing_so(WORK, cluster_delete=standing.REFUSE), PRICES)
    assert (made["items"], made["per_hour"]) == ([], 0)
    assert made["unknown"] == ["A run would be refused: nothing is estimated."]
