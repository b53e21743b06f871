# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations on a real database: killed before and after each call of AWS, login, statement and commit; or failing."""

from __future__ import annotations

import contextlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials import rotating
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.keeping import Wanted
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.logins import (
    DatabaseError,
    LoginRefused,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.rotating import NotRotated
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import NotFound, Refused, RestoreError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.database import Unreached
from botocore.exceptions import ConnectTimeoutError
from rotation_world import APP, CLUSTER, KEYS, MASTER, MASTER_SECRET, World

# ---- killed


def test_users_killed_everywhere(world: World) -> None:
    points = world.kill(None, world.rotate_users).count
    world.require_consistent()
    assert points >= 34
    for at in range(points):
        before = world.current(APP)
        seen = world.kill(at, world.rotate_users).seen
        assert seen
        # Whoever is killed when: the users can get in with one of the two versions.
        assert world.log_in() or world.log_in("AWSPENDING"), seen
        world.rotate_users()
        world.require_consistent(APP)
        assert world.current(APP) != before


def test_master_killed_everywhere(world: World) -> None:
    points = world.kill(None, world.rotate_master).count
    assert points >= 24
    unfinished = 0
    for at in range(points):
        before = world.current(MASTER_SECRET)
        assert world.kill(at, world.rotate_master).seen
        waits = world.is_pending(MASTER_SECRET) and world.current(MASTER_SECRET) == before
        if waits and not unfinished % 4:
            # Even with the master's own rotation unfinished, that of the users goes on.
            world.rotate_users()
        unfinished += waits
        # One that is unfinished is taken up without being asked for.
        assert world.rotate_master(only_unfinished=waits) is not None
        world.require_consistent(MASTER_SECRET)
        assert world.current(MASTER_SECRET) != before
    assert 8 < unfinished < points
    assert world.rotate_master(only_unfinished=True) is None
    world.require_consistent()


def test_killed_again_and_again(world: World) -> None:
    chance = random.Random(7)
    for _turn in range(4):
        for _time in range(3):
            world.kill(chance.randrange(34), world.rotate_users)
        world.rotate_users()
        world.require_consistent(APP)


# ---- as a whole


def test_open_connections_stay_and_the_version_before_can_be_had_back(world: World) -> None:
    before = world.current(APP)
    connection = world.server.connect(*next(iter(world.passwords(APP).items())))
    rotation = world.rotate_users()
    assert rotation.gap is not None and 0 < rotation.gap < 10
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()
    assert "AWSPREVIOUS" in world.stages(APP)[before]
    assert (rotation.previous, rotation.version, rotation.resumed) == (before, world.current(APP), False)


def test_no_password_is_told_or_logged(world: World) -> None:
    hidden: list[str] = []
    known = {**world.passwords(APP), **world.passwords(MASTER_SECRET)}
    told = json.dumps(rotating.to_result(Wanted(APP), world.rotate_users(hide=hidden.append)))
    known_now = [*known.values(), *world.passwords(APP).values()]
    log = "".join(path.read_text() for path in (world.plane.ca_path.parent / "clusters" / "one" / "log").iterdir())
    assert "SCRAM-SHA-256$" not in told
    assert "ALTER ROLE" in log, "the server logs what is told to it"
    assert not [password for password in known_now if password in told or password in log]
    assert set(known_now) <= set(hidden)


def test_check_mode_looks_and_changes_nothing(world: World) -> None:
    stages = world.stages(APP), world.stages(MASTER_SECRET)
    for rotation in (world.rotate_users(check=True), world.rotate_master(check=True)):
        assert rotation is not None
        assert list(rotation.steps) == ["pending", "set", "verify", "promote"]
        assert rotation.before != rotation.after and rotation.version is None
    assert (world.stages(APP), world.stages(MASTER_SECRET)) == stages
    world.require_consistent()


# ---- failing


@contextlib.contextmanager
def answering(world: World, event: str, handler: Callable[..., Any]) -> Iterator[None]:
    world.client.meta.events.register_first(event, handler)
    try:
        yield
    finally:
        world.client.meta.events.unregister(event, handler)


def denied(**_event: Any) -> tuple[Any, dict[str, Any]]:
    class Answer:
        status_code = 400

    error = {"Code": "AccessDeniedException", "Message": "not authorized to perform this"}
    return Answer(), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}


def lost(**_event: Any) -> None:
    raise ConnectTimeoutError(endpoint_url="https://secretsmanager.invalid")


def test_a_login_that_fails_puts_the_old_passwords_back(world: World) -> None:
    before, stages = world.passwords(APP), world.stages(APP)
    world.as_master("ALTER ROLE shop_readonly VALID UNTIL '2001-01-01'")
    with pytest.raises(NotRotated, match=r"shop_readonly could not log in.*were put back") as caught:
        world.rotate_users()
    assert not any(password in str(caught.value) for password in before.values())
    assert (world.passwords(APP), world.stages(APP)) == (before, stages)
    assert world.server.works({"shop_app": before["shop_app"]})
    world.as_master("ALTER ROLE shop_readonly VALID UNTIL 'infinity'")
    assert world.log_in()
    assert world.rotate_users().resumed is False
    world.require_consistent()


def test_a_promotion_that_is_denied_puts_the_old_passwords_back(world: World) -> None:
    before = world.passwords(APP)
    with answering(world, "before-call.secretsmanager.UpdateSecretVersionStage", denied):
        with pytest.raises(NotRotated, match=r"AccessDeniedException.*Run the same command again"):
            world.rotate_users()
        # The pending version could not be abandoned, either; but nobody is locked out.
        assert world.passwords(APP) == before and world.log_in()
    assert world.rotate_users().resumed
    world.require_consistent()


def test_a_lost_answer_to_the_promotion_is_no_failure(world: World) -> None:
    with answering(world, "after-call.secretsmanager.UpdateSecretVersionStage", lost), pytest.raises(RestoreError):
        # What is left is the label of the pending version, whose answer is lost as well.
        world.rotate_users()
    assert world.log_in()
    world.rotate_users()
    world.require_consistent()


def test_nothing_is_pending_when_the_way_is_blocked_before(world: World) -> None:
    server = world.server
    keeper, wanted, of_master = world.keeper(), Wanted(APP, generated=KEYS), Wanted(MASTER_SECRET)
    blocked: list[tuple[type[RestoreError], rotating.Server]] = [
        (Unreached, replace(server, port=1)),
        (DatabaseError, replace(server, ca_file="/nowhere/ca.pem")),
        (LoginRefused, replace(server, database="nowhere")),
    ]
    for error, way in blocked:
        with pytest.raises(error):
            rotating.rotate_users(keeper, wanted, way, MASTER_SECRET)
        if error is not LoginRefused:
            with pytest.raises(error):
                rotating.rotate_master(keeper, of_master, way, world.session(), CLUSTER)
        world.require_consistent()


def test_users_that_are_not_there(world: World) -> None:
    world.as_master("ALTER ROLE shop_app RENAME TO shop_gone")
    with pytest.raises(NotFound, match=r"no user shop_app.*db_users"):
        world.rotate_users()
    assert not world.is_pending(APP)
    world.as_master("ALTER ROLE shop_gone RENAME TO shop_app")
    # The verifier does not hold the name.
    world.require_consistent()


def test_a_master_that_nobody_can_log_in_as(world: World) -> None:
    world.plane.set_master_password("one", MASTER, "somebody-elses-password")
    with pytest.raises(LoginRefused, match="aurora_restore_rotate_master=true"):
        world.rotate_users()
    assert not world.is_pending(APP)
    assert world.rotate_master() is not None
    world.rotate_users()
    world.require_consistent()


def test_a_pending_version_for_others_is_refused(world: World) -> None:
    content = {"app_username": "other", "app_password": "x" * 20, "readonly_username": "else", "readonly_password": "y"}
    world.client.put_secret_value(SecretId=APP, SecretString=json.dumps(content), VersionStages=["AWSPENDING"])
    with pytest.raises(Refused, match=r"is for else, other.*state abandoned"):
        world.rotate_users()
    world.keeper().abandoned(Wanted(APP))
    world.require_consistent()
