# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the run's calls need, asked of IAM beforehand (SimulatePrincipalPolicy), in few calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._aws import Client, aws_call
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError, RestoreError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.actions import actions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import (
    Boto,
    Decision,
    Surroundings,
    Wishes,
    World,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import (
    TAG_OPERATION,
    TAG_TARGET,
    arn_part,
)

STATE_ACTIONS = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem")
# Here a policy of the resource may allow what IAM does not.
BY_RESOURCE = ("sns", "kms", "secretsmanager")


@dataclass(frozen=True)
class Question:
    """May the caller make these calls on these resources, in a request with these condition keys?"""

    actions: Sequence[str]
    resources: Sequence[str]
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What IAM says of one action on one resource.

    :param decision: allowed, implicitDeny or explicitDeny.
    :param missing: condition keys whose values were not given, on which it may depend.
    """

    action: str
    resource: str
    decision: str
    missing: Sequence[str] = ()

    @property
    def denied(self) -> bool:
        """Whether the call would surely be refused."""
        if self.decision == "allowed" or self.missing:
            return False
        return self.decision == "explicitDeny" or self.action.partition(":")[0] not in BY_RESOURCE


def questions(wishes: Wishes, world: World, decision: Decision, around: Surroundings) -> list[Question]:
    """One for each kind of call that changes something in this run, with the names that it is made on."""
    return list(_questions(wishes, world, decision, around))


def _questions(wishes: Wishes, world: World, decision: Decision, around: Surroundings) -> Iterator[Question]:
    region, wanted, cluster = wishes.target_region, decision.configuration, world.target.value
    partition = arn_part(str(world.caller.get("Arn", "arn:aws:")), 1) or "aws"
    calls: dict[str, list[str]] = {}
    for item in actions(wishes, world, decision, around):
        if item["call"] and item["service"] == "rds":
            calls.setdefault(item["call"], []).append(item["resource"])

    def arn(kind: str, name: str) -> str:
        return f"arn:{partition}:rds:{region}:{wishes.account}:{kind}:{name}"

    def named(kind: str, *names: str | None) -> list[str]:
        return [arn(kind, name) for name in dict.fromkeys(names) if name]

    target = arn("cluster", wishes.target_cluster_id)
    # Said always: keys of other services' statements, of which IAM would say that they are missing.
    here = {
        "aws:RequestedRegion": region,
        "kms:ViaService": f"rds.{region}.amazonaws.com",
        "kms:GrantIsForAWSResource": "true",
        "iam:PassedToService": "monitoring.rds.amazonaws.com",
    }
    made = {
        **here,
        f"aws:RequestTag/{TAG_OPERATION}": wishes.operation_id or "",
        f"aws:RequestTag/{TAG_TARGET}": "true",
    }
    tagged = {**here, **_resource_tags(cluster.tags if cluster else {TAG_TARGET: "true"})}
    snapshot = decision.snapshot
    if "CopyDBClusterSnapshot" in calls and snapshot is not None:
        copies = named("cluster-snapshot", *calls["CopyDBClusterSnapshot"])
        yield Question(["rds:CopyDBClusterSnapshot"], copies, made)
        there = {**here, "aws:RequestedRegion": wishes.source_region, **_resource_tags(snapshot.tags)}
        yield Question(["rds:CopyDBClusterSnapshot"], [snapshot.arn], there)
    if "CreateDBClusterSnapshot" in calls:
        finals = named("cluster-snapshot", *calls["CreateDBClusterSnapshot"])
        yield Question(["rds:CreateDBClusterSnapshot"], [target, *finals], {**made, **tagged})
    changes = [f"rds:{call}" for call in ("StartDBCluster", "ModifyDBCluster", "DeleteDBCluster") if call in calls]
    if changes:
        yield Question(changes, [target], tagged)
    if "DeleteDBInstance" in calls and cluster is not None:
        tags = cluster.instances[0].boto.get("TagList") or [] if cluster.instances else []
        with_tags = {**here, **_resource_tags({item["Key"]: item["Value"] for item in tags})}
        yield Question(["rds:DeleteDBInstance"], named("db", *calls["DeleteDBInstance"]), with_tags)
    if "RestoreDBClusterFromSnapshot" in calls:
        copied = named("cluster-snapshot", *calls.get("CopyDBClusterSnapshot", ()))
        groups = named("subgrp", wanted.get("db_subnet_group_name"))
        groups += named("cluster-pg", wanted.get("db_cluster_parameter_group_name"))
        yield Question(["rds:RestoreDBClusterFromSnapshot"], [target, *copied, *groups], made)
    if calls.get("CreateDBInstance") and wishes.operation_id:
        members = named("db", *calls["CreateDBInstance"])
        groups = named("pg", *(item.get("db_parameter_group_name") for item in wanted.get("instances") or []))
        yield Question(["rds:CreateDBInstance"], [target, *members, *groups], made)
        yield Question(["rds:AddTagsToResource"], [target, *members], made)
    yield from _other_services(wishes, partition, here)


def _other_services(wishes: Wishes, partition: str, here: Mapping[str, str]) -> Iterator[Question]:
    if wishes.state_table:
        table = f"arn:{partition}:dynamodb:{wishes.state_region}:{wishes.account}:table/{wishes.state_table}"
        yield Question(STATE_ACTIONS, [table], {**here, "aws:RequestedRegion": str(wishes.state_region)})
    if wishes.sns_topic_arn:
        there = {**here, "aws:RequestedRegion": arn_part(wishes.sns_topic_arn, 3)}
        yield Question(["sns:Publish"], [wishes.sns_topic_arn], there)


def _resource_tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {f"aws:ResourceTag/{key}": value for key, value in tags.items()}


def principal(arn: str) -> str | None:
    """The user or role of IAM that an identity of STS stands for; None where IAM has none (root, federated users)."""
    service, rest = arn_part(arn, 2), arn.split(":", 5)[-1]
    kind, _slash, name = rest.partition("/")
    if service == "iam" and kind in ("user", "role"):
        return arn
    if service == "sts" and kind == "assumed-role":
        return f"arn:{arn_part(arn, 1)}:iam::{arn_part(arn, 4)}:role/{name.partition('/')[0]}"
    return None


def simulate(client: Client, caller_arn: str, asked: Sequence[Question]) -> list[Answer]:
    """What IAM says to all the questions.

    :raises RestoreError: the caller is nobody whom IAM can be asked about, or may not ask.
    """
    who = principal(caller_arn)
    if who is None:
        raise RestoreError(
            f"{caller_arn} is no user or role whose permissions can be simulated",
            resource=caller_arn,
            hint="Use credentials of a user or role.",
        )
    answers: list[Answer] = []
    for question, pairs in batches(asked):
        try:
            results = simulate_policy(client, who, question)
        except AwsError as error:
            # The path of a role is not in the ARN of its sessions.
            if error.code != "NoSuchEntity" or arn_part(caller_arn, 2) != "sts":
                raise
            who = str(get_role(client, who.rpartition("/")[2])["Arn"])
            results = simulate_policy(client, who, question)
        told = {(item.action, item.resource): item for result in results for item in _answers(result)}
        untold = pairs - told.keys()
        if untold:
            raise RestoreError(f"IAM did not say whether {' on '.join(min(untold))} is allowed", resource=who)
        answers += [told[pair] for pair in sorted(pairs)]
    return answers


def batches(asked: Sequence[Question]) -> list[tuple[Question, set[tuple[str, str]]]]:
    """Questions with the same condition keys as one, with the pairs of action and resource that were meant.

    IAM answers for each action on each resource; what the others come to does not matter.
    """
    groups: dict[tuple[tuple[str, str], ...], list[Question]] = {}
    for question in asked:
        groups.setdefault(tuple(sorted(question.context.items())), []).append(question)
    return [
        (
            Question(
                list(dict.fromkeys(action for item in group for action in item.actions)),
                list(dict.fromkeys(resource for item in group for resource in item.resources)),
                dict(context),
            ),
            {(action, resource) for item in group for action in item.actions for resource in item.resources},
        )
        for context, group in groups.items()
    ]


@aws_call("GetRole")
def get_role(client: Client, name: str) -> Boto:
    return client.get_role(RoleName=name)["Role"]  # type: ignore[no-any-return]


@aws_call("SimulatePrincipalPolicy")
def simulate_policy(client: Client, principal_arn: str, question: Question) -> list[Boto]:
    """EvaluationResults of all pages."""
    pages = client.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=principal_arn,
        ActionNames=list(question.actions),
        ResourceArns=list(question.resources),
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyType": "string", "ContextKeyValues": [value]}
            for key, value in question.context.items()
            if value
        ],
    )
    return [result for page in pages for result in page["EvaluationResults"]]


def _answers(result: Mapping[str, Any]) -> Iterator[Answer]:
    """AWS lists the resources one by one, or the only one in the result itself."""
    action, missing = str(result["EvalActionName"]), result.get("MissingContextValues") or ()
    specific = result.get("ResourceSpecificResults") or []
    if not specific:
        yield Answer(action, str(result.get("EvalResourceName")), result["EvalDecision"], relevant(action, missing))
    for item in specific:
        lacking = relevant(action, item.get("MissingContextValues") or missing)
        yield Answer(action, item["EvalResourceName"], item["EvalResourceDecision"], lacking)


def relevant(action: str, missing: Sequence[str]) -> tuple[str, ...]:
    """The missing keys on which the answer may depend: IAM lists those of all statements.

    Not those of other services; nor, of RDS, tags of the resource: all that it has were given.
    """
    service = action.partition(":")[0].lower()
    return tuple(
        key
        for key in missing
        if key.partition(":")[0].lower() in ("aws", service)
        and not (service == "rds" and key.lower().startswith("aws:resourcetag/"))
    )
