# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing in the restore policy is superfluous: without any action of any statement, a call of a good run is denied.

The runs are those of the modules, against the sandbox's AWS within this process and with the policy in force; what each
call asked of IAM is replayed through the evaluator. A run has several features where they do not meet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.policies import document, policies
from in_process import ACCOUNT, AWAY, HOME
from restoring import PRODUCTION, SETTINGS, STAGING, Asked, Failed, Shop, shop
from sandbox.iam.policies import read

DOCUMENTS = list(policies(SETTINGS, ["restore"]).values())
# Every call of these runs. An end-to-end run that calls anything else fails (tests/e2e/test_scenarios.py).
CALLED = Path(__file__).with_name("called.json")
# What is made first ends badly: a final snapshot, then a cluster.
BADLY = [
    {"name": "torn", "service": "rds", "action": "CreateDBClusterSnapshot", "times": 1,
     "ends": {"status": "failed", "at_percent": 50}},
    {"name": "wreck", "service": "rds", "action": "RestoreDBClusterFromSnapshot", "times": 1,
     "ends": {"status": "incompatible-restore", "at_percent": 80}},
]  # fmt: skip


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def replaced(shop: Shop) -> None:
    """A target with Enhanced Monitoring, replaced after a final snapshot."""
    shop.production()
    shop.staging()
    shop.run()


def protected_with_a_snapshot_at_its_deletion(shop: Shop) -> None:
    shop.production()
    shop.staging(DeletionProtection=True, CopyTagsToSnapshot=True)
    shop.run(final_snapshot="at_delete", lift_deletion_protection=True)


def stopped_with_a_role_and_without_a_final_snapshot(shop: Shop) -> None:
    shop.production()
    shop.staging()
    role = f"arn:aws:iam::{ACCOUNT}:role/shop-import"
    shop.rds.add_role_to_db_cluster(DBClusterIdentifier=STAGING, RoleArn=role, FeatureName="s3Import")
    shop.rds.stop_db_cluster(DBClusterIdentifier=STAGING)
    shop.settle()
    shop.run(final_snapshot="none")


def new_with_a_copy_that_failed_by_a_role(shop: Shop) -> None:
    """A target that does not exist yet, restored by a role with a path; an earlier copy has to be removed."""
    shop.failed_copy(shop.production())
    shop.by_a_role()
    shop.run(
        configuration={
            "db_subnet_group_name": STAGING, "db_cluster_parameter_group_name": STAGING,
            "vpc_security_group_ids": [shop.security_group], "instances": [{"db_instance_class": "db.r6g.large"}],
        }
    )  # fmt: skip


def failed_and_resumed_with_logs_and_metrics(shop: Shop) -> None:
    shop.log_groups()
    shop.production()
    shop.staging()
    shipped = {"folder": str(shop.folder)}
    with pytest.raises(Failed, match="is failed"):
        shop.run(publish=shipped)
    with pytest.raises(Failed, match="last event of RDS"):
        shop.run(publish=shipped)
    shop.run(publish=shipped)


RUNS: list[tuple[Callable[[Shop], None], list[Mapping[str, Any]]]] = [
    (replaced, []),
    (protected_with_a_snapshot_at_its_deletion, []),
    (stopped_with_a_role_and_without_a_final_snapshot, []),
    (new_with_a_copy_that_failed_by_a_role, []),
    (failed_and_resumed_with_logs_and_metrics, BADLY),
]
STATEMENTS = [item for part in DOCUMENTS for item in part["Statement"]]
WHOLE = read(document(STATEMENTS))
# What no run of these asks for, and why it is there all the same.
EXPLAINED = {
    f"arn:aws:rds:{AWAY}:{ACCOUNT}:cluster-snapshot:rds:{PRODUCTION}-*":
        "the names of automated snapshots, which nobody can make; whole restores begin with one (tests/e2e)",
    f"arn:aws:rds:{HOME}:{ACCOUNT}:cluster-pg:default.*":
        "AWS's own groups; the sandbox has none to look at, so that no target has one",
}  # fmt: skip


@dataclass
class Journals:
    """What was asked of IAM in each run, the same question once, and all that was called."""

    asked: dict[str, list[Asked]] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)

    @cached_property
    def allowed(self) -> list[Asked]:
        return [item for item in self.all if item.allowed_by(WHOLE)]

    @cached_property
    def denied(self) -> list[Asked]:
        return [item for item in self.all if not item.allowed_by(WHOLE)]

    @property
    def all(self) -> list[Asked]:
        return [item for run in self.asked.values() for item in run]

    def denied_without(self, number: int, element: str, value: str) -> list[Asked]:
        """What else would be denied with one statement changed. Only its actions are looked at: no other can be."""
        statement = STATEMENTS[number]
        left = [item for item in listed(statement[element]) if item != value]
        changed = [{**statement, element: left}] if left else []
        less = read(document([*STATEMENTS[:number], *changed, *STATEMENTS[number + 1 :]]))
        actions = {item.lower() for item in listed(statement["Action"])}
        return [item for item in self.allowed if item.request.action.lower() in actions and not item.allowed_by(less)]


@pytest.fixture(scope="module")
def journals(tmp_path_factory: pytest.TempPathFactory) -> Journals:
    made = Journals()
    for run, faults in RUNS:
        with shop(tmp_path_factory.mktemp("shop"), *faults) as world:
            run(world)
            made.asked[run.__name__] = list({item.question: item for item in world.recorder.asked}.values())
            made.calls |= world.recorder.calls
    return made


def test_the_runs_are_good_ones(journals: Journals) -> None:
    """All that is denied is what a plan tries, to say whether RDS would be needed for it, and what is no run's."""
    assert len(journals.allowed) > 200
    assert {item.request.action for item in journals.denied} == {"kms:CreateGrant", "sts:AssumeRole"}
    for item in journals.denied:
        assert item.request.context.get("kms:grantisforawsresource", ("false",)) == ("false",)


@pytest.mark.parametrize(
    ("number", "action"),
    [(number, item) for number, found in enumerate(STATEMENTS) for item in listed(found["Action"])],
    ids=lambda value: value if isinstance(value, str) else STATEMENTS[value]["Sid"],
)  # fmt: skip
def test_without_an_action_a_call_is_denied(journals: Journals, number: int, action: str) -> None:
    denied = journals.denied_without(number, "Action", action)
    assert denied, f"{STATEMENTS[number]['Sid']} need not have {action}"
    assert {item.request.action.lower() for item in denied} == {action.lower()}


@pytest.mark.parametrize("number", range(len(STATEMENTS)), ids=lambda number: STATEMENTS[number]["Sid"])
def test_without_a_resource_a_call_is_denied(journals: Journals, number: int) -> None:
    """The same for each resource that a statement names."""
    for resource in listed(STATEMENTS[number]["Resource"]):
        needed = bool(journals.denied_without(number, "Resource", resource))
        assert needed != (resource in EXPLAINED), f"{STATEMENTS[number]['Sid']}: {resource}"


def test_every_call_is_in_the_list_that_whole_runs_are_held_to(journals: Journals) -> None:
    assert json.loads(CALLED.read_text()) == sorted(journals.calls)
