# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reaching the database of the live target, and what not reaching it comes to."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import checks, database
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.database import NoLogin, Unreached
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import Fact, unasked
from plan_world import case

SECRET = {"username": "dbadmin", "password": "a-Good_password1"}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_nobody_listens() -> None:
    with pytest.raises(Unreached, match="can't be reached"):
        database.look("127.0.0.1", free_port(), SECRET, "shop", "/ca.pem")


def test_reachable_without_what_a_login_needs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(NoLogin, match="reachable") as caught:
            database.look("127.0.0.1", port, None, "shop", None)
    assert "can't be reached" not in str(caught.value)


def test_a_login_that_fails_does_not_tell_the_password() -> None:
    pytest.importorskip("psycopg2")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(NoLogin) as caught:
            database.look("127.0.0.1", port, SECRET, "shop", "/nowhere/ca.pem")
    assert SECRET["password"] not in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "status", "blocks"),
    [({}, "failed", True), ({"vpc_security_group_ids": ["sg-9"]}, "unknown", False)],
)
def test_not_reached(overrides: dict[str, list[str]], status: str, blocks: bool) -> None:
    given = case(
        {"overrides": overrides}, database=Fact(error=Unreached("db:5432 can't be reached from here: refused"))
    )
    (found,) = [item for item in checks.run_checks(given) if item["name"] == "database"]
    assert (found["status"], found["blocks"]) == (status, blocks)
    assert "aurora_restore_check_database" in found["message"]


def test_a_refused_login_is_no_failure() -> None:
    error = NoLogin("db:5432 is reachable, but the login failed: the secret's password is not that of the cluster now")
    (found,) = [item for item in checks.run_checks(case(database=Fact(error=error))) if item["name"] == "database"]
    assert (found["status"], found["blocks"]) == ("unknown", False)


def test_not_tried_is_unknown() -> None:
    given = case({"check_database": False}, database=unasked())
    (found,) = [item for item in checks.run_checks(given) if item["name"] == "database"]
    assert (found["status"], found["seen"]) == ("unknown", "not asked for")
