# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: credentials_rotate
short_description: Give the users of an Aurora PostgreSQL cluster new passwords
version_added: 0.2.0
description:
  - Takes one secret through a rotation. New passwords become its pending version, are set in the database, are tried
    over verified TLS, and are promoted to be the current version.
  - Interrupted at any point and run again, it goes on with the version that is pending, and ends with the database and
    the current version being the same.
  - When logging in with the new passwords fails, the old ones are put back, and the pending version is abandoned.
  - No password is an argument or a result. The database gets SCRAM-SHA-256 verifiers; the master's password goes
    through RDS, which knows no verifiers.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  users:
    description:
      - V(app) rotates application and read-only user, which share a secret and get their passwords in one transaction.
      - V(master) rotates the master user.
    type: str
    choices: [app, master]
    required: true
  secret_id:
    description: The secret to rotate. For V(app) it has C(app_username), C(app_password), C(readonly_username) and
      C(readonly_password), for V(master) C(username) and C(password).
    type: str
    required: true
  master_secret_id:
    description: The secret of the master user, who sets the passwords of the other users.
    type: str
  cluster_id:
    description: The cluster whose master password RDS is to set.
    type: str
  host:
    description: The cluster's writer endpoint.
    type: str
    required: true
  port:
    description: The port of the cluster.
    type: int
    default: 5432
  database:
    description: The database to log in to. Left out, the one that the master's secret names in C(database).
    type: str
  ca_cert:
    description: The file of the certificates that sign the database's.
    type: path
    required: true
  password_length:
    description: How long new passwords are, 8 to 41.
    type: int
    default: 32
  only_unfinished:
    description: With O(users=master), take up a rotation that died, and begin none.
    type: bool
    default: false
  connect_timeout:
    description: Seconds to wait for a connection.
    type: int
    default: 15
  statement_timeout:
    description: Seconds that one statement may take.
    type: int
    default: 60
  wait_timeout:
    description: Seconds to wait until RDS has set the master password.
    type: int
    default: 1800
  poll_interval:
    description: The longest pause between two looks, in seconds.
    type: float
    default: 10
requirements:
  - psycopg2, where the module runs
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.assume_role
  - dbops.aurora_restore.attributes
attributes:
  check_mode:
    support: full
    details:
      - Logs in as the master and looks, but changes nothing.
  diff_mode:
    support: full
    details:
      - Shows stages, never values.
  idempotent:
    support: none
    details:
      - Each run that is not the rest of an interrupted one gives new passwords.
notes:
  - PostgreSQL has one password for a user. From setting to promoting, whoever reads the current version can't log in;
    RV(rotation.gap_seconds) says how long that was. Connections that are open stay open.
seealso:
  - module: dbops.aurora_restore.secret
"""

EXAMPLES = r"""
- name: Give application and read-only user new passwords
  dbops.aurora_restore.credentials_rotate:
    region: us-west-2
    users: app
    secret_id: shop/staging/app
    master_secret_id: shop/staging/master
    host: shop-staging.cluster-abc.us-west-2.rds.amazonaws.com
    database: shop
    ca_cert: /etc/ssl/rds-global-bundle.pem

- name: Give the master a new password
  dbops.aurora_restore.credentials_rotate:
    region: us-west-2
    users: master
    secret_id: shop/staging/master
    cluster_id: shop-staging
    host: shop-staging.cluster-abc.us-west-2.rds.amazonaws.com
    ca_cert: /etc/ssl/rds-global-bundle.pem
"""

RETURN = r"""
rotation:
  description: What was done, in check mode what would be.
  returned: success
  type: dict
  contains:
    secret:
      description: The secret.
      type: str
      returned: always
    users:
      description: The users that have new passwords; none, when there was nothing to take up.
      type: list
      elements: str
      returned: always
    steps:
      description: What was to be done, of V(pending), V(set), V(verify) and V(promote).
      type: list
      elements: str
      returned: always
    version_id:
      description: The version that is current now, null in check mode unless it is pending already.
      type: str
      returned: when there was something to do
    previous_version_id:
      description: The version that was current before.
      type: str
      returned: when there was something to do
    resumed:
      description: Whether a version was pending already, of a rotation that died.
      type: bool
      returned: when there was something to do
    gap_seconds:
      description: Seconds from right before the passwords were set to their version's being current, null when they had
        been set by an earlier run.
      type: float
      returned: when there was something to do
"""

from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials import keeping, rotating
from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials.logins import Server
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._secrets import read_secret


def body(context: Context) -> dict[str, Any]:
    params, master = context.params, context.params["users"] == "master"
    keys = rotating.MASTER_USER if master else rotating.APP_USERS
    wanted = keeping.Wanted(
        params["secret_id"], generated=list(keys.values()), password_length=params["password_length"]
    )
    keeping.require_fitting(wanted)
    client = context.client("secretsmanager")
    of_master = params["secret_id"] if master else params["master_secret_id"]
    server = Server(
        params["host"],
        params["port"],
        params["database"] or read_secret(client, of_master, ["database"])["database"],
        params["ca_cert"],
        params["connect_timeout"],
        params["statement_timeout"],
    )
    keeper = keeping.Keeper(client, context.journal, context.no_log, context.check_mode)
    if master:
        session, unfinished = Session.of(context), params["only_unfinished"]
        rotation = rotating.rotate_master(keeper, wanted, server, session, params["cluster_id"], unfinished)
    else:
        rotation = rotating.rotate_users(keeper, wanted, server, params["master_secret_id"])
    return rotating.to_result(wanted, rotation)


def main() -> None:
    run(
        {
            "users": {"type": "str", "choices": ["app", "master"], "required": True},
            "secret_id": {"type": "str", "required": True, "no_log": False},
            "master_secret_id": {"type": "str", "no_log": False},
            "cluster_id": {"type": "str"},
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "default": 5432},
            "database": {"type": "str"},
            "ca_cert": {"type": "path", "required": True},
            "password_length": {"type": "int", "default": 32, "no_log": False},
            "only_unfinished": {"type": "bool", "default": False},
            "connect_timeout": {"type": "int", "default": 15},
            "statement_timeout": {"type": "int", "default": 60},
            "wait_timeout": {"type": "int", "default": 1800},
            "poll_interval": {"type": "float", "default": 10.0},
        },
        body,
        required_if=[("users", "app", ["master_secret_id"]), ("users", "master", ["cluster_id"])],
    )


if __name__ == "__main__":
    main()
