# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secret module's states, against the sandbox's Secrets Manager."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials import keeping, versions
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.keeping import Keeper, Wanted
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import AwsError, BadInput, NotFound, Refused

sys.path.insert(0, str(Path(__file__).parents[3] / "sandbox"))

from in_process import Aws

USERS = {"app_username": "shop_app", "readonly_username": "shop_readonly"}
PASSWORDS = ["app_password", "readonly_password"]
MINE = {"aurora-restore:installation": "aurora-restore"}


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    made = Aws()
    yield made
    made.close()


@pytest.fixture
def client(aws: Aws) -> Any:
    return aws.client("secretsmanager")


@pytest.fixture
def keeper(client: Any) -> Keeper:
    return Keeper(client)


@pytest.fixture
def wanted() -> Wanted:
    return Wanted(f"shop/{uuid.uuid4()}", USERS, PASSWORDS, tags=MINE)


def value(client: Any, wanted: Wanted, stage: str = "AWSCURRENT") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        client.get_secret_value(SecretId=wanted.secret_id, VersionStage=stage)["SecretString"]
    )
    return found


def stages(client: Any, wanted: Wanted) -> dict[str, list[str]]:
    found: dict[str, list[str]] = client.describe_secret(SecretId=wanted.secret_id)["VersionIdsToStages"]
    return found


def test_present_creates_once(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    hidden: list[str] = []
    made = replace(keeper, hide=hidden.append).present(wanted)
    content = value(client, wanted)
    assert made.changed and made.made and list(made.keys) == sorted([*USERS, *PASSWORDS])
    assert {key: content[key] for key in USERS} == USERS
    assert sorted(hidden) == sorted(content[key] for key in PASSWORDS)
    for key in PASSWORDS:
        assert len(content[key]) == 32 and not set(content[key]) & set("/\"@'\\ ")
    assert content["app_password"] != content["readonly_password"]
    again = keeper.present(wanted)
    assert not again.changed and not again.made and value(client, wanted) == content
    printed = json.dumps([keeping.to_result(wanted, made), keeping.to_result(wanted, again)])
    assert not any(content[key] in printed for key in PASSWORDS)


def test_present_leaves_foreign_values_and_tags(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    mine = {**USERS, "app_password": "of-somebody", "readonly_password": "of-else"}
    client.create_secret(Name=wanted.secret_id, SecretString=json.dumps(mine))
    assert not keeper.present(wanted).changed
    assert value(client, wanted) == mine
    assert client.describe_secret(SecretId=wanted.secret_id).get("Tags", []) == []


def test_present_gives_an_empty_secret_its_first_value(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    client.create_secret(Name=wanted.secret_id)
    assert replace(keeper, check=True).present(wanted).changed
    made = keeper.present(wanted)
    assert made.made and set(value(client, wanted)) == {*USERS, *PASSWORDS}


def test_present_says_what_an_existing_one_lacks(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    client.create_secret(Name=wanted.secret_id, SecretString=json.dumps(USERS))
    with pytest.raises(BadInput, match="lacks app_password, readonly_password"):
        keeper.present(wanted)


def test_present_adopts_what_another_made_meanwhile(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    """Looking found nothing; then somebody else was quicker."""
    keeper.present(wanted)
    content = value(client, wanted)
    assert not keeper._create(wanted, None).made
    assert value(client, wanted) == content


def test_present_by_an_arn_that_is_not_there(keeper: Keeper) -> None:
    with pytest.raises(NotFound, match="can't have a given ARN"):
        keeper.present(Wanted("arn:aws:secretsmanager:us-west-2:123456789012:secret:nobody-AbCdEf", USERS))


def test_through_all_stages(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    first = keeper.present(wanted).version
    client.put_secret_value(SecretId=wanted.secret_id, SecretString=json.dumps({**value(client, wanted), "port": 5432}))
    before = value(client, wanted)
    pending = keeper.pending(wanted)
    waiting = value(client, wanted, "AWSPENDING")
    assert value(client, wanted) == before and waiting["port"] == 5432
    assert all(waiting[key] != before[key] for key in PASSWORDS) and all(waiting[key] == before[key] for key in USERS)
    kept = keeper.pending(wanted)
    assert not kept.changed and kept.version == pending.version
    assert value(client, wanted, "AWSPENDING") == waiting
    promoted = keeper.promoted(wanted)
    assert promoted.changed and value(client, wanted) == waiting and value(client, wanted, "AWSPREVIOUS") == before
    assert promoted.after == keeper.find(wanted.secret_id)
    assert not keeper.promoted(wanted).changed and pending.version != first
    back = keeper.promoted(replace(wanted, version_id=pending.before.current if pending.before else None))
    assert back.changed and value(client, wanted) == before


def test_promoted_takes_up_what_died_half_way(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    keeper.present(wanted)
    secret = keeper.pending(wanted).after
    assert secret is not None and secret.pending is not None
    keeper.move(secret, versions.promoting(secret, secret.pending)[:1])
    assert any(set(labels) == {"AWSCURRENT", "AWSPENDING"} for labels in stages(client, wanted).values())
    assert keeper.promoted(wanted).changed
    assert not any("AWSPENDING" in labels for labels in stages(client, wanted).values())


def test_abandoned_and_pending_again_many_times(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    keeper.present(wanted)
    before = value(client, wanted)
    seen = set()
    for _turn in range(4):
        seen.add(keeper.pending(wanted).version)
        assert keeper.abandoned(wanted).changed
    assert not keeper.abandoned(wanted).changed
    assert len(seen) == 4 and value(client, wanted) == before
    assert list(stages(client, wanted).values()) == [["AWSCURRENT"]]


def test_of_two_who_put_a_pending_version_one_adopts(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    secret = keeper.present(wanted).after
    assert secret is not None
    version = keeper.pending(wanted).version
    content = value(client, wanted, "AWSPENDING")
    assert keeper.put_pending(secret, {"other": "value"}) == version
    assert value(client, wanted, "AWSPENDING") == content


def test_a_lost_answer_to_moving_a_stage_is_no_error(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    """The SDK asks once more, and AWS finds the label gone from where it was."""
    keeper.present(wanted)
    secret = keeper.pending(wanted).after
    assert secret is not None and secret.pending is not None
    moves = versions.promoting(secret, secret.pending)
    keeper.move(secret, moves[:1])
    keeper.move(secret, moves)
    third = keeper.find(wanted.secret_id)
    assert third is not None and third.current == secret.pending
    with pytest.raises(AwsError, match="InvalidParameterException"):
        keeper.move(third, [versions.Move("AWSCURRENT", secret.current, secret.current)])


def test_absent_only_what_is_tagged_and_only_once(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    keeper.present(wanted)
    with pytest.raises(Refused, match="left alone"):
        keeper.absent(replace(wanted, only_tagged={"team": "other"}))
    mine = replace(wanted, only_tagged=MINE)
    assert replace(keeper, check=True).absent(mine).changed
    assert "DeletedDate" not in client.describe_secret(SecretId=wanted.secret_id)
    assert keeper.absent(mine).changed
    assert not keeper.absent(mine).changed
    for state in (keeper.present, keeper.pending, keeper.promoted, keeper.abandoned):
        with pytest.raises(Refused, match=r"scheduled for deletion.*restore-secret"):
            state(wanted)
    assert not keeper.absent(Wanted("nobody")).changed


def test_check_mode_changes_nothing(client: Any, keeper: Keeper, wanted: Wanted) -> None:
    check = replace(keeper, check=True)
    planned = keeping.to_result(wanted, check.present(wanted))
    assert planned["changed"] and planned["secret"]["arn"] is None and planned["secret"]["made"]
    assert planned["diff"]["before"] == {} and planned["diff"]["after"]["keys"] == sorted([*USERS, *PASSWORDS])
    keeper.present(wanted)
    before = stages(client, wanted)
    assert check.pending(wanted).changed and stages(client, wanted) == before
    keeper.pending(wanted)
    before = stages(client, wanted)
    for state in (check.promoted, check.abandoned):
        assert state(wanted).changed and stages(client, wanted) == before


def test_not_there(keeper: Keeper) -> None:
    for state in (keeper.pending, keeper.promoted, keeper.abandoned):
        with pytest.raises(NotFound, match="nobody does not exist in us-west-2"):
            state(Wanted("nobody"))
