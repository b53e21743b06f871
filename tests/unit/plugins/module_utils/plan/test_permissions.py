# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of IAM, and what its answers come to."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Denied, RestoreError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import checks, permissions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.permissions import Answer
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact
from plan_world import ACCOUNT, TOPIC, case

TARGET = f"arn:aws:rds:us-west-2:{ACCOUNT}:cluster:shop-staging"


def asked(**world: Any) -> dict[str, permissions.Question]:
    given = case(world=world)
    found = permissions.questions(given.wishes, given.world, given.decision, given.around)
    assert len(found) <= 10
    return {action: question for question in found for action in question.actions}


def test_every_kind_of_change_is_asked_with_its_resources() -> None:
    found = asked()
    assert set(found) >= {
        "rds:CopyDBClusterSnapshot",
        "rds:CreateDBClusterSnapshot",
        "rds:DeleteDBCluster",
        "rds:DeleteDBInstance",
        "rds:RestoreDBClusterFromSnapshot",
        "rds:CreateDBInstance",
        "rds:AddTagsToResource",
        "dynamodb:UpdateItem",
        "sns:Publish",
    }
    assert found["rds:DeleteDBCluster"].resources == [TARGET]
    assert found["rds:DeleteDBCluster"].context["aws:ResourceTag/aurora-restore:target"] == "true"
    assert found["rds:DeleteDBCluster"].context["aws:RequestedRegion"] == "us-west-2"
    assert found["sns:Publish"].resources == [TOPIC]


def test_without_a_target_no_deletion_is_asked() -> None:
    assert not [action for action in asked(target=Fact(None)) if "Delete" in action]


@pytest.mark.parametrize(
    ("arn", "who"),
    [
        (f"arn:aws:iam::{ACCOUNT}:user/ops/runner", f"arn:aws:iam::{ACCOUNT}:user/ops/runner"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/night/session", f"arn:aws:iam::{ACCOUNT}:role/night"),
        (f"arn:aws:iam::{ACCOUNT}:root", None),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/bob", None),
    ],
)
def test_who_is_asked_about(arn: str, who: str | None) -> None:
    assert permissions.principal(arn) == who


# answer to (status, blocks)
ANSWERS = {
    "allowed": (Answer("rds:DeleteDBCluster", TARGET, "allowed"), None),
    "not allowed": (Answer("rds:DeleteDBCluster", TARGET, "implicitDeny"), ("failed", True)),
    "denied": (Answer("sns:Publish", TOPIC, "explicitDeny"), ("failed", True)),
    "by the resource, perhaps": (Answer("sns:Publish", TOPIC, "implicitDeny"), ("unknown", False)),
    "it depends": (Answer("rds:DeleteDBCluster", TARGET, "explicitDeny", ("aws:SourceVpc",)), ("unknown", False)),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_an_answer_comes_to(name: str) -> None:
    answer, expected = ANSWERS[name]
    results = checks.run_checks(case(permissions=Fact([answer])))
    (found,) = [item for item in results if item["name"] == "permissions"]
    if expected is None:
        assert found["status"] == "passed"
        return
    assert (found["status"], found["blocks"]) == expected
    assert answer.action in found["message"]
    assert answer.resource in found["message"]
    assert found["todo"]


def test_who_may_not_ask_is_unknown_and_goes_on() -> None:
    denied = Denied("SimulatePrincipalPolicy failed: AccessDenied", hint="Allow it.")
    results = checks.run_checks(case(permissions=Fact(error=denied)))
    (found,) = [item for item in results if item["name"] == "permissions"]
    assert (found["status"], found["blocks"], found["todo"]) == ("unknown", False, "Allow it.")
    assert found["message"] not in checks.failures(results)


def test_keys_that_do_not_matter() -> None:
    keys = ["kms:ViaService", "aws:SourceVpc", "rds:DatabaseClass", "aws:ResourceTag/team"]
    assert permissions.relevant("rds:DeleteDBCluster", keys) == ("aws:SourceVpc", "rds:DatabaseClass")
    assert permissions.relevant("sns:Publish", keys) == ("aws:SourceVpc", "aws:ResourceTag/team")


class Iam:
    """Answers for each action on each resource, as IAM does."""

    def __init__(self, unanswered: str = "") -> None:
        self.calls: list[dict[str, Any]] = []
        self.unanswered = unanswered

    def get_paginator(self, _name: str) -> Iam:
        return self

    def paginate(self, **call: Any) -> list[dict[str, Any]]:
        self.calls.append(call)
        return [
            {
                "EvaluationResults": [
                    {
                        "EvalActionName": action,
                        "EvalDecision": "implicitDeny",
                        "ResourceSpecificResults": [
                            {"EvalResourceName": name, "EvalResourceDecision": decided(action, name)}
                            for name in call["ResourceArns"]
                            if name != self.unanswered
                        ],
                    }
                    for action in call["ActionNames"]
                ]
            }
        ]


def decided(action: str, resource: str) -> str:
    """Allowed where they belong together."""
    return "allowed" if action.rpartition(":")[2] == resource else "implicitDeny"


def ask(iam: Iam, *questions: permissions.Question) -> list[Answer]:
    return permissions.simulate(iam, f"arn:aws:iam::{ACCOUNT}:user/runner", questions)


def test_questions_with_the_same_keys_are_asked_at_once_and_answered_apart() -> None:
    """That A is not allowed on B says nothing, since nobody meant it."""
    iam, here = Iam(), {"aws:RequestedRegion": "us-west-2"}
    answers = ask(
        iam,
        permissions.Question(["rds:A"], ["A"], here),
        permissions.Question(["rds:B"], ["B"], here),
        permissions.Question(["rds:C"], ["C"], {}),
    )
    assert len(iam.calls) == 2
    assert [(item.action, item.resource, item.decision) for item in answers] == [
        ("rds:A", "A", "allowed"), ("rds:B", "B", "allowed"), ("rds:C", "C", "allowed"),
    ]  # fmt: skip
    assert [item.denied for item in ask(iam, permissions.Question(["rds:A"], ["A", "B"], here))] == [False, True]


def test_no_answer_is_no_permission() -> None:
    with pytest.raises(RestoreError, match="did not say whether rds:A on B is allowed"):
        ask(Iam("B"), permissions.Question(["rds:A", "rds:B"], ["B"]), permissions.Question(["rds:B"], ["B"]))
