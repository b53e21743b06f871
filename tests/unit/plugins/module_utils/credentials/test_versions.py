# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions and stages of secrets: what is moved where, and what is refused."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials import keeping, versions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.keeping import Wanted
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.versions import Move, Secret
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, Refused

ARN = "arn:aws:secretsmanager:us-west-2:123456789012:secret:shop/app-AbCdEf"


def secret(tags: dict[str, str] | None = None, **stages: str) -> Secret:
    """Versions by name, their stages separated by blanks."""
    return Secret(ARN, "shop/app", {name: frozenset(labels.split()) for name, labels in stages.items()}, tags or {})


def test_what_aws_tells() -> None:
    told = {
        "ARN": ARN, "Name": "shop/app", "Tags": [{"Key": "team", "Value": "shop"}], "OwningService": "rds",
        "VersionIdsToStages": {"a": ["AWSCURRENT"], "b": []}, "DeletedDate": datetime.now(timezone.utc),
    }  # fmt: skip
    seen = Secret.from_boto(told)
    assert (dict(seen.stages), dict(seen.tags)) == ({"a": {"AWSCURRENT"}}, {"team": "shop"})
    assert seen.deleted and seen.rotated_by_aws
    bare = Secret.from_boto({"ARN": ARN, "Name": "shop/app"})
    assert not bare.deleted and not bare.rotated_by_aws and bare.current is None


@pytest.mark.parametrize(
    ("given", "pending"),
    [
        ({"a": "AWSCURRENT"}, None),
        ({"a": "AWSCURRENT", "b": "AWSPENDING"}, "b"),
        ({"a": "AWSCURRENT AWSPENDING"}, None),
    ],
)
def test_what_waits(given: dict[str, str], pending: str | None) -> None:
    assert secret(**given).pending == pending


def test_promoting_puts_in_force_first() -> None:
    given = secret(a="AWSCURRENT", b="AWSPENDING", z="AWSPREVIOUS")
    moves = versions.promoting(given, "b")
    assert moves == [Move("AWSCURRENT", "a", "b"), Move("AWSPENDING", "b", None)]
    half = versions.moved(given, moves[:1])
    assert dict(half.stages) == {"a": {"AWSPREVIOUS"}, "b": {"AWSCURRENT", "AWSPENDING"}}
    assert versions.promoting(half, "b") == moves[1:]
    whole = versions.moved(half, moves[1:])
    assert dict(whole.stages) == {"a": {"AWSPREVIOUS"}, "b": {"AWSCURRENT"}}
    assert versions.promoting(whole, "b") == []


def test_promoting_what_does_not_wait_leaves_what_waits() -> None:
    given = secret(a="AWSCURRENT", b="AWSPENDING", z="AWSPREVIOUS")
    assert versions.promoting(given, "z") == [Move("AWSCURRENT", "a", "z")]


def test_abandoning() -> None:
    given = secret(a="AWSCURRENT", b="AWSPENDING")
    moves = versions.abandoning(given, "b")
    assert moves == [Move("AWSPENDING", "b", None)]
    assert dict(versions.moved(given, moves).stages) == {"a": {"AWSCURRENT"}}
    assert versions.abandoning(given, "a") == []


def test_as_aws_wants_it() -> None:
    assert Move("AWSPENDING", "b", None).to_boto() == {"VersionStage": "AWSPENDING", "RemoveFromVersionId": "b"}
    assert Move("AWSCURRENT", None, "b").to_boto() == {"VersionStage": "AWSCURRENT", "MoveToVersionId": "b"}


def test_ids_of_versions_are_derived() -> None:
    ids = {versions.token(name, base, n) for name in (ARN, ARN + "x") for base in (None, "a", "b") for n in range(3)}
    assert len(ids) == 18
    assert versions.token(ARN, "a", 1) == versions.token(ARN, "a", 1)
    assert all(32 <= len(version) <= 64 for version in ids)


def test_refusals_name_the_secret_and_what_helps() -> None:
    given = secret(tags={"team": "shop"}, a="AWSCURRENT")
    versions.require_tags(given, {"team": "shop"})
    with pytest.raises(Refused, match=r"shop/app is left alone: .* team=other, stage=1"):
        versions.require_tags(given, {"team": "other", "stage": 1})
    with pytest.raises(Refused, match=r"shop/app is scheduled for deletion.*restore-secret"):
        versions.require_alive(Secret(ARN, "shop/app", deleted=True))
    with pytest.raises(Refused, match=r"rotated by AWS itself.*cancel-rotate-secret"):
        versions.require_own(Secret(ARN, "shop/app", rotated_by_aws=True))
    with pytest.raises(BadInput, match="no version b with a stage"):
        versions.require_known(given, "b")


@pytest.mark.parametrize(
    ("given", "text"),
    [({"content": {"a": 1}, "generated": ["a"]}, "a can't be both"), ({"generated": [""]}, "must not be empty"),
     ({"password_length": 42}, "8 to 41"), ({"recovery_window": 6}, "7 to 30")],
)  # fmt: skip
def test_what_does_not_fit(given: dict[str, object], text: str) -> None:
    with pytest.raises(BadInput, match=text):
        keeping.require_fitting(Wanted("s", **given))  # type: ignore[arg-type]
