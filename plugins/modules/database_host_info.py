# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: database_host_info
short_description: See whether a host can run the database steps
version_added: 0.2.0
description:
  - Looks, on the host that it runs on, for what the role P(dbops.aurora_restore.db_users#role) needs there, and whether
    the database can be reached. Meant to be delegated to a host of the database's network.
  - Does not call AWS, logs in nowhere, and needs no secret.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  name:
    description: The host's name, for the sentences.
    type: str
    required: true
  ca_cert:
    description: The file, on that host, of the certificates that sign the database's. Left out, none is looked for.
    type: path
  endpoint:
    description: The address of the database. Left out, nothing is tried.
    type: str
  port:
    description: Its port.
    type: int
    default: 5432
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: This module changes nothing.
  idempotent:
    support: full
extends_documentation_fragment:
  - dbops.aurora_restore.attributes
"""

EXAMPLES = r"""
- name: See whether the bastion can set up the users
  dbops.aurora_restore.database_host_info:
    name: bastion
    ca_cert: /etc/pki/rds/us-west-2-bundle.pem
    endpoint: shop-staging.cluster-abc.us-west-2.rds.amazonaws.com
  delegate_to: bastion
  register: found
"""

RETURN = r"""
problems:
  description: What is missing, and what to do, as sentences.
  returned: always
  type: list
  elements: str
tried:
  description: Whether the database was tried.
  returned: always
  type: bool
unreached:
  description: Why it could not be reached, or null.
  returned: always
  type: str
python:
  description: The Python that the module ran with.
  returned: always
  type: dict
  sample: {"executable": "/usr/bin/python3", "version": "3.12.3"}
psycopg2:
  description: The version of psycopg2, or null.
  returned: always
  type: str
"""

import platform
import sys
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import database, database_host


def main() -> None:
    module = AnsibleModule(
        {
            "name": {"type": "str", "required": True},
            "ca_cert": {"type": "path"},
            "endpoint": {"type": "str"},
            "port": {"type": "int", "default": 5432},
        },
        supports_check_mode=True,
    )
    params: dict[str, Any] = module.params
    version = getattr(database.psycopg2, "__version__", None)
    module.exit_json(
        changed=False,
        problems=database_host.problems(
            params["name"], sys.executable, version, params["ca_cert"] and Path(params["ca_cert"])
        ),
        tried=bool(params["endpoint"]),
        unreached=database_host.unreached(params["endpoint"], params["port"]) if params["endpoint"] else None,
        python={"executable": sys.executable, "version": platform.python_version()},
        psycopg2=version,
    )


if __name__ == "__main__":
    main()
