# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox whose scenario has some more faults, restores in it, and all that matters of what they have made."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from harness import SOURCE_REGION, STAGING, TARGET_REGION, Run, Sandbox, start
from planned import plan_of
from restored import assert_logins, assert_replaced, assert_snapshots_rows, picture

from kill.marksman import end_all
from kill.points import Kind, operations, patterned

SCENARIO = Path(__file__).with_name("scenario.yml")
RUN_SECONDS = 900.0
VARIABLES: dict[str, Any] = {"aurora_restore_lift_deletion_protection": True}
ROLES = """
SELECT rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolinherit, rolbypassrls, rolconnlimit,
  ARRAY(SELECT g.rolname || '/' || m.admin_option FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
        WHERE m.member = r.oid ORDER BY 1)
FROM pg_roles r WHERE rolname !~ '^pg_' ORDER BY rolname
"""
PRIVILEGES = """
SELECT n.nspname, c.relname, c.relacl::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' ORDER BY 1, 2
"""


class World:
    """A sandbox of its own, and a home for the runs in it."""

    def __init__(self, folder: Path, faults: Sequence[Mapping[str, Any]] = ()) -> None:
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        scenario = yaml.safe_load(SCENARIO.read_text()) | {"faults": list(faults)}
        file = folder / "scenario.yml"
        file.write_text(yaml.safe_dump(scenario))
        self.sandbox = Sandbox(folder / "world", file)
        self.before: dict[str, Any] = {}
        self.resource_id = ""

    def __enter__(self) -> World:
        self.sandbox.up()
        try:
            self.before = picture(self.sandbox, STAGING)
            self.resource_id = self.sandbox.cluster(STAGING)["DbClusterResourceId"]
        except BaseException:
            self.sandbox.down()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        end_all(self.home)
        self.sandbox.down()

    def start(self, user: str = "operator") -> Run:
        """The command that is given again and again."""
        variables = dict(VARIABLES)
        if user != "operator":
            keys = self.sandbox.info["users"][user]
            variables["aurora_restore_aws"] = {"endpoint_url": self.sandbox.info["endpoint_url"], **keys}
        return start(self.sandbox, self.home, **variables)

    def play(self, user: str = "operator") -> Run:
        run = self.start(user)
        run.process.wait(RUN_SECONDS)
        return run

    def plan(self) -> dict[str, Any]:
        """What the command would do, given now."""
        return plan_of(self.sandbox, self.home, **VARIABLES)

    def is_settled(self) -> bool:
        """Whether nothing is under way."""
        connection = HTTPConnection(urlsplit(self.sandbox.info["endpoint_url"]).netloc, timeout=30)
        with closing(connection):
            connection.request("GET", "/_sandbox/events")
            return not json.load(connection.getresponse())["pending"]

    def operations(self) -> dict[str, str]:
        """The operations in the state table, with their statuses."""
        items = [item for item in self.sandbox.items() if item["step"]["S"] == "#operation"]
        return {item["operation_id"]["S"]: item["status"]["S"] for item in items}

    def end_state(self) -> dict[str, Any]:
        """Everything in which two worlds that went through the same restore must be the same."""
        assert_replaced(self.sandbox, self.before, self.resource_id)
        assert_snapshots_rows(self.sandbox)
        assert_logins(self.sandbox)
        master = self.sandbox.secret("shop/staging/master")
        with self.sandbox.login(STAGING, master["username"], master["password"]) as cursor:
            cursor.execute(ROLES)
            roles = cursor.fetchall()
            cursor.execute(PRIVILEGES)
            privileges = cursor.fetchall()
        state = {
            "resources": self._resources(),
            "destroyed": destroyed(self.sandbox.calls()),
            "roles": roles,
            "privileges": privileges,
        }
        return dict(json.loads(json.dumps(state)))  # as it is when it was kept in a file

    def _resources(self) -> list[tuple[str, ...]]:
        """What there is, in both regions, with its status and the names of its tags."""
        ids = operations(self.sandbox.calls())
        found = []
        for region in (SOURCE_REGION, TARGET_REGION):
            rds = self.sandbox.client("rds", region)
            for kind, items in (
                ("DBCluster", rds.describe_db_clusters()["DBClusters"]),
                ("DBInstance", rds.describe_db_instances()["DBInstances"]),
                ("DBClusterSnapshot", rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]),
            ):
                for item in items:
                    tags = sorted(tag["Key"] for tag in item["TagList"])
                    status = item.get("Status") or item["DBInstanceStatus"]
                    found.append((region, kind, patterned(item[f"{kind}Identifier"], ids), status, " ".join(tags)))
        return sorted(found)

    def success_messages(self, operation_id: str) -> int:
        """How often subscribers were told that it succeeded."""
        return sum(
            operation_id in message["Message"] and message["MessageAttributes"]["status"]["Value"] == "succeeded"
            for message in self.sandbox.messages()
        )


def destroyed(calls: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How often something was deleted, by what it was."""
    ids = operations(calls)
    return dict(
        Counter(
            str(Kind.of(call, ids))
            for call in calls
            if call["service"] == "rds" and call["action"].startswith("Delete") and took_effect(call)
        )
    )


def took_effect(call: Mapping[str, Any]) -> bool:
    """Whether the service has carried it out; of an answer that was lost only the fault's name tells."""
    return call["status"] == 200 or (call["status"] is None and "after" in (call["fault"] or ""))
