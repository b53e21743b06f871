# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision, from policies and a request alone.

Expected outcomes follow IAM's user guide: "Policy evaluation logic", "Cross-account policy evaluation logic",
"Permissions boundaries", "Session policies", "IAM JSON policy elements" (Principal, NotPrincipal, NotAction,
NotResource, Resource, Condition operators, Variables), and KMS's developer guide: "Default key policy".
"""

from __future__ import annotations

from typing import Any

import pytest
from sandbox.iam.evaluation import Decision, Policies, Principal, Request, evaluate
from sandbox.iam.patterns import arn_matches, matches
from sandbox.iam.policies import Document, read

ACCOUNT, OTHER = "123456789012", "210987654321"
JANE = Principal(f"arn:aws:iam::{ACCOUNT}:user/jane", ACCOUNT)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/runner"
SESSION = Principal(f"arn:aws:sts::{ACCOUNT}:assumed-role/runner/nightly", ACCOUNT, ROLE)
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
CLUSTER = f"arn:aws:rds:us-west-2:{ACCOUNT}:cluster:shop"
QUEUE = f"arn:aws:sqs:us-west-2:{ACCOUNT}:inbox"


def statement(effect: str = "Allow", action: Any = "rds:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> Document:
    return read({"Version": version, "Statement": list(statements)})


def grant(principal: Any, effect: str = "Allow", action: Any = "*", **more: Any) -> Document:
    """A resource's policy."""
    return document({"Effect": effect, "Principal": principal, "Action": action, "Resource": "*", **more})


ALL = document(statement(action="*"))
NOTHING = document(statement(action="none:None"))
DENY = document(statement("Deny", "*"))


def ask(
    policies: Policies, action: str = "rds:DeleteDBCluster", resource: str = CLUSTER, principal: Principal = JANE,
    owner: str | None = ACCOUNT, **context: Any,
) -> Decision:  # fmt: skip
    given = {key.lower(): value if isinstance(value, tuple) else (value,) for key, value in context.items()}
    return evaluate(policies, Request(principal, action, resource, given, owner))


@pytest.mark.parametrize(
    ("identity", "allowed"),
    [
        ((), False),
        ((ALL,), True),
        ((NOTHING,), False),
        ((NOTHING, ALL), True),
        ((ALL, DENY), False),
        ((DENY, ALL), False),
    ],
)
def test_allow_is_needed_and_deny_wins(identity: tuple[Document, ...], allowed: bool) -> None:
    assert ask(Policies(identity)).allowed is allowed


@pytest.mark.parametrize(
    ("part", "matching"),
    [
        ({"Action": "rds:DeleteDBCluster"}, True),
        ({"Action": "RDS:deletedbcluster"}, True),
        ({"Action": ["rds:Describe*", "rds:Delete*"]}, True),
        ({"Action": "rds:Delete?BCluster"}, True),
        ({"Action": "rds:DeleteDB"}, False),
        ({"Action": "rds:Describe*"}, False),
        ({"NotAction": "rds:Describe*"}, True),
        ({"NotAction": ["iam:*", "rds:Delete*"]}, False),
        ({"Resource": CLUSTER}, True),
        ({"Resource": f"arn:aws:rds:*:{ACCOUNT}:cluster:shop"}, True),
        ({"Resource": f"arn:aws:rds:us-west-2:{ACCOUNT}:cluster:sh?p"}, True),
        ({"Resource": f"arn:aws:rds:us-west-2:{ACCOUNT}:db:*"}, False),
        ({"Resource": f"arn:aws:rds:us-west-2:{ACCOUNT}:cluster:SHOP"}, False),
        # Wildcards stay within the part of the ARN in which they stand.
        ({"Resource": "arn:aws:rds:*:shop"}, False),
        # Parts that are left out at the end are taken as *.
        ({"Resource": "arn:aws:rds"}, True),
        ({"NotResource": f"arn:aws:rds:us-west-2:{ACCOUNT}:cluster:other"}, True),
        ({"NotResource": "arn:aws:rds:*:*:cluster:s*"}, False),
    ],
)
def test_which_actions_and_resources_a_statement_is_about(part: dict[str, Any], matching: bool) -> None:
    given = statement("Allow", "rds:DeleteDBCluster", CLUSTER)
    for name in part:
        del given[name.removeprefix("Not")]
    assert ask(Policies((document({**given, **part}),))).allowed is matching


def test_an_action_on_everything_needs_a_statement_on_everything() -> None:
    narrow = Policies((document(statement(resource="arn:aws:rds:*:*:*")),))
    assert not ask(narrow, "rds:DescribeDBEngineVersions", "*").allowed
    assert ask(Policies((document(statement()),)), "rds:DescribeDBEngineVersions", "*").allowed


@pytest.mark.parametrize(
    ("pattern", "value", "matching"),
    [
        ("a*c", "abc", True), ("a*c", "ac", True), ("a?c", "ac", False), ("a.c", "abc", False), ("*", "", True),
        ("a*", "a\nb", True), ("[ab]", "a", False),
    ],
)  # fmt: skip
def test_wildcards(pattern: str, value: str, matching: bool) -> None:
    assert matches(pattern, value) is matching


def test_a_wildcard_in_the_last_part_of_an_arn_goes_over_colons() -> None:
    assert arn_matches("arn:aws:rds:us-east-1:1:cluster-snapshot:*", "arn:aws:rds:us-east-1:1:cluster-snapshot:rds:x")


@pytest.mark.parametrize(
    ("resource", "context", "allowed"),
    [
        ("arn:aws:sqs:*:*:${aws:username}-*", {"aws:username": "jane"}, True),
        ("arn:aws:sqs:*:*:${aws:username}-*", {"aws:username": "joe"}, False),
        ("arn:aws:sqs:*:*:${aws:username}-*", {}, False),
        ("arn:aws:sqs:*:*:${aws:PrincipalTag/team, 'jane'}-*", {}, True),
        # A value's wildcards, and ${*}, stand for themselves.
        ("arn:aws:sqs:*:*:${aws:username}", {"aws:username": "*"}, False),
        ("arn:aws:sqs:*:*:jane${*}", {}, False),
        ("arn:aws:sqs:*:${aws:PrincipalAccount}:jane-inbox", {"aws:PrincipalAccount": ACCOUNT}, True),
    ],
)
def test_policy_variables(resource: str, context: dict[str, str], allowed: bool) -> None:
    policy = document(statement(action="sqs:*", resource=resource))
    queue = f"arn:aws:sqs:us-west-2:{ACCOUNT}:jane-inbox"
    assert ask(Policies((policy,)), "sqs:SendMessage", queue, **context).allowed is allowed


def test_variables_are_plain_text_in_policies_of_2008() -> None:
    policy = document(statement(action="sqs:*", resource="arn:aws:sqs:*:*:${aws:username}"), version="2008-10-17")
    queue = f"arn:aws:sqs:us-west-2:{ACCOUNT}:jane"
    assert not ask(Policies((policy,)), "sqs:SendMessage", queue, **{"aws:username": "jane"}).allowed


@pytest.mark.parametrize(
    ("boundary", "session", "allowed", "why"),
    [
        (None, None, True, ""),
        ((ALL,), None, True, ""),
        ((NOTHING,), None, False, "because no permissions boundary allows the rds:DeleteDBCluster action"),
        ((DENY,), None, False, "with an explicit deny in a permissions boundary"),
        (None, (ALL,), True, ""),
        (None, (NOTHING,), False, "because no session policy allows the rds:DeleteDBCluster action"),
        (None, (DENY,), False, "with an explicit deny in a session policy"),
        ((), None, False, "because no permissions boundary allows the rds:DeleteDBCluster action"),
        ((ALL,), (NOTHING,), False, "because no session policy allows the rds:DeleteDBCluster action"),
    ],
)
def test_boundaries_and_session_policies_limit(
    boundary: tuple[Document, ...] | None, session: tuple[Document, ...] | None, allowed: bool, why: str
) -> None:
    decision = ask(Policies((ALL,), boundary, session), principal=SESSION)
    assert (decision.allowed, decision.reason) == (allowed, why)


def test_boundaries_and_session_policies_give_nothing() -> None:
    decision = ask(Policies((), (ALL,), (ALL,)), principal=SESSION)
    assert decision.reason == "because no identity-based policy allows the rds:DeleteDBCluster action"


def test_an_explicit_deny_says_where() -> None:
    assert ask(Policies((ALL, DENY))).reason == "with an explicit deny in an identity-based policy"
    assert ask(Policies((ALL,), resource=grant("*", "Deny"))).reason == (
        "with an explicit deny in a resource-based policy"
    )
    trust = Policies((ALL,), resource=grant("*", "Deny"), resource_kind="role trust policy", resource_decides=True)
    assert ask(trust).reason == "with an explicit deny in the role trust policy"


@pytest.mark.parametrize(
    ("named", "principal", "allowed"),
    [
        ({"AWS": JANE.arn}, JANE, True),
        ({"AWS": JANE.arn}, SESSION, False),
        ({"AWS": [ROLE, JANE.arn]}, SESSION, True),
        ({"AWS": SESSION.arn}, SESSION, True),
        ("*", JANE, True),
        ({"AWS": "*"}, SESSION, True),
        # Naming the account leaves it to the account's own policies, which say nothing here.
        ({"AWS": ROOT}, JANE, False),
        ({"AWS": ACCOUNT}, JANE, False),
        ({"Service": "rds.amazonaws.com"}, JANE, False),
        # Wildcards do not work within a principal's ARN.
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/*"}, JANE, False),
    ],
)
def test_within_an_account_a_resources_policy_suffices(named: Any, principal: Principal, allowed: bool) -> None:
    decision = ask(Policies(resource=grant(named)), "sqs:SendMessage", QUEUE, principal)
    assert decision.allowed is allowed


@pytest.mark.parametrize(
    ("named", "limited"), [({"AWS": ROLE}, True), ("*", True), ({"AWS": SESSION.arn}, False)]
)  # fmt: skip
def test_a_policy_that_names_the_session_itself_is_not_limited(named: Any, limited: bool) -> None:
    for policies in (
        Policies(session=(NOTHING,), resource=grant(named)),
        Policies(boundary=(NOTHING,), resource=grant(named)),
    ):
        assert ask(policies, "sqs:SendMessage", QUEUE, SESSION).allowed is not limited


@pytest.mark.parametrize(
    ("identity", "resource", "allowed"),
    [
        ((ALL,), None, False),
        ((), grant({"AWS": JANE.arn}), False),
        ((ALL,), grant({"AWS": JANE.arn}), True),
        ((ALL,), grant({"AWS": ROOT}), True),
        ((ALL,), grant({"AWS": OTHER}), False),
        ((ALL,), grant("*"), True),
        ((ALL, DENY), grant("*"), False),
        ((ALL,), grant("*", "Deny"), False),
    ],
)
def test_across_accounts_both_sides_must_allow(
    identity: tuple[Document, ...], resource: Document | None, allowed: bool
) -> None:
    queue = f"arn:aws:sqs:us-west-2:{OTHER}:inbox"
    decision = ask(Policies(identity, resource=resource), "sqs:SendMessage", queue, owner=OTHER)
    assert decision.allowed is allowed


def test_what_a_service_shares_by_itself_needs_no_policy_of_the_resource() -> None:
    snapshot = f"arn:aws:rds:us-west-2:{OTHER}:cluster-snapshot:shared"
    assert ask(Policies((ALL,), crosses=False), "rds:CopyDBClusterSnapshot", snapshot, owner=OTHER).allowed


@pytest.mark.parametrize(
    ("identity", "resource", "allowed"),
    [
        # The default key policy leaves it to IAM.
        ((ALL,), grant({"AWS": ROOT}), True),
        ((), grant({"AWS": ROOT}), False),
        # Without it, IAM policies alone give nothing.
        ((ALL,), grant({"AWS": f"arn:aws:iam::{ACCOUNT}:user/admin"}), False),
        ((), grant({"AWS": JANE.arn}), True),
        ((ALL,), grant({"AWS": ROOT}, action="kms:Describe*"), False),
    ],
)
def test_a_key_decides_by_its_own_policy(identity: tuple[Document, ...], resource: Document, allowed: bool) -> None:
    policies = Policies(identity, resource=resource, resource_decides=True)
    key = f"arn:aws:kms:us-west-2:{ACCOUNT}:key/1"
    assert ask(policies, "kms:CreateGrant", key).allowed is allowed


def test_a_role_decides_by_its_trust_policy() -> None:
    trust = read({"Statement": {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}})
    policies = Policies((), resource=trust, resource_kind="role trust policy", resource_decides=True)
    assert ask(policies, "sts:AssumeRole", ROLE).reason.startswith("because no identity-based policy")
    policies = Policies((ALL,), resource=NOTHING, resource_kind="role trust policy", resource_decides=True)
    assert ask(policies, "sts:AssumeRole", ROLE).reason == (
        "because no role trust policy allows the sts:AssumeRole action"
    )


def test_not_principal_with_deny_spares_those_that_it_names() -> None:
    policy = document({"Effect": "Deny", "NotPrincipal": {"AWS": [JANE.arn, ROOT]}, "Action": "*", "Resource": "*"})
    assert ask(Policies((ALL,), resource=policy), "sqs:SendMessage", QUEUE).allowed
    elsewhere = document({"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": "*", "Resource": "*"})
    assert not ask(Policies((ALL,), resource=elsewhere), "sqs:SendMessage", QUEUE).allowed


CONTEXT = {
    "aws:RequestedRegion": "us-west-2", "aws:ResourceTag/aurora-restore:target": "true", "rds:StorageSize": "100",
    "aws:CurrentTime": "2026-11-23T02:00:00+00:00", "aws:SourceIp": "10.1.2.3", "aws:SecureTransport": "true",
    "aws:PrincipalArn": ROLE, "aws:TagKeys": ("environment", "owner"), "aws:EpochTime": "1795399200",
}  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "us-west-2"}}, True),
        ({"StringEquals": {"AWS:requestedregion": ["us-east-1", "us-west-2"]}}, True),
        ({"stringequals": {"aws:RequestedRegion": "us-east-1"}}, False),
        ({"StringEquals": {"aws:RequestedRegion": "us-*"}}, False),
        ({"StringLike": {"aws:RequestedRegion": "us-*"}}, True),
        ({"StringEqualsIgnoreCase": {"aws:RequestedRegion": "US-WEST-2"}}, True),
        ({"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "eu-west-1"]}}, True),
        ({"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "us-west-2"]}}, False),
        ({"StringNotLike": {"aws:RequestedRegion": "eu-*"}}, True),
        ({"StringNotEqualsIgnoreCase": {"aws:RequestedRegion": "US-west-2"}}, False),
        ({"StringEquals": {"aws:ResourceTag/aurora-restore:target": "true"}}, True),
        # All of a block must be met.
        ({"StringEquals": {"aws:RequestedRegion": "us-west-2", "aws:SourceIp": "x"}}, False),
        ({"StringEquals": {"aws:RequestedRegion": "us-west-2"}, "Bool": {"aws:SecureTransport": "false"}}, False),
        # A key that is missing.
        ({"StringEquals": {"aws:ResourceTag/other": "x"}}, False),
        ({"StringNotEquals": {"aws:ResourceTag/other": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:ResourceTag/other": "x"}}, True),
        ({"StringEqualsIfExists": {"aws:RequestedRegion": "eu-west-1"}}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, False),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, True),
        ({"Null": {"aws:ResourceTag/other": "true"}}, True),
        ({"Null": {"aws:ResourceTag/other": "false"}}, False),
        ({"Null": {"aws:RequestedRegion": False}}, True),
        # Other types.
        ({"Bool": {"aws:SecureTransport": True}}, True),
        ({"NumericLessThanEquals": {"rds:StorageSize": "100"}}, True),
        ({"NumericGreaterThan": {"rds:StorageSize": 100}}, False),
        ({"NumericNotEquals": {"rds:StorageSize": "100.0"}}, False),
        ({"NumericEquals": {"aws:RequestedRegion": "1"}}, False),
        ({"DateLessThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}}, True),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}}, False),
        ({"DateGreaterThan": {"aws:EpochTime": "2026-01-01T00:00:00Z"}}, True),
        ({"IpAddress": {"aws:SourceIp": ["192.168.0.0/16", "10.0.0.0/8"]}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.1.2.4"}}, False),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/runner"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}, False),
        ({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}, False),
        # Keys with several values.
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["environment", "owner", "team"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["environment"]}}, False),
        ({"ForAllValues:StringLike": {"aws:Missing": "x"}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["owner"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}}, False),
        ({"ForAnyValue:StringEquals": {"aws:Missing": "x"}}, False),
        ({"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["owner"]}}, True),
        ({"ForAllValues:StringNotEquals": {"aws:TagKeys": ["owner"]}}, False),
        # What is no operator is never met.
        ({"StringIs": {"aws:RequestedRegion": "us-west-2"}}, False),
        ({"ForSomeValues:StringEquals": {"aws:RequestedRegion": "us-west-2"}}, False),
        # Variables on the right hand side.
        ({"StringEquals": {"aws:RequestedRegion": "${aws:RequestedRegion}"}}, True),
        ({"StringNotEquals": {"aws:RequestedRegion": "${aws:Missing}"}}, True),
    ],
)
def test_conditions(condition: dict[str, Any], met: bool) -> None:
    policy = document(statement(Condition=condition))
    assert ask(Policies((policy,)), **CONTEXT).allowed is met
    # And the same in a denial.
    denial = document(statement("Deny", Condition=condition))
    assert ask(Policies((ALL, denial)), **CONTEXT).allowed is not met


@pytest.mark.parametrize(
    "policy",
    [
        "[]",
        "{}",
        '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": ["x"]}}',
        '{"Statement": {"Effect": "Maybe"}}',
        "no JSON",
    ],
)
def test_what_is_no_policy_is_refused(policy: str) -> None:
    with pytest.raises(ValueError):
        read(policy)
