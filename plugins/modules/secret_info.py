# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_info
short_description: Read a JSON secret of Secrets Manager
version_added: 0.1.0
description:
  - Reads the value of a secret that is a JSON object, and checks that the needed keys are there.
  - The value is returned in clear text. Every task that uses this module, and every task that uses what it returns,
    must have C(no_log=true), and C(ansible_pipelining) should be on, so that no arguments are left on disk after a
    SIGKILL.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  secret_id:
    description: Name or ARN of the secret.
    type: str
    required: true
  keys:
    description: Keys that must be there and not be empty.
    type: list
    elements: str
    default: []
  stage:
    description: Which version's value. V(AWSPENDING) is that of an unfinished rotation.
    type: str
    choices: [AWSCURRENT, AWSPENDING, AWSPREVIOUS]
    default: AWSCURRENT
    version_added: 0.2.0
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
      - This module only reads.
  diff_mode:
    support: none
  idempotent:
    support: full
notes:
  - The values are not registered with Ansible's masking, since that would mask the returned secret as well. Nothing but
    C(no_log=true) keeps them out of output and logs.
"""

EXAMPLES = r"""
- name: Read the application's credentials
  dbops.aurora_restore.secret_info:
    region: us-west-2
    secret_id: shop/staging/app
    keys: [app_username, app_password]
  register: app_secret
  no_log: true
"""

RETURN = r"""
secret:
  description: The secret's keys and values, all texts; nested values are left out.
  returned: success
  type: dict
"""

from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._secrets import CURRENT, STAGES, read_secret


def read(context: Context) -> dict[str, Any]:
    client, params = context.client("secretsmanager"), context.params
    return {"changed": False, "secret": read_secret(client, params["secret_id"], params["keys"], params["stage"])}


def main() -> None:
    run(
        {
            "secret_id": {"type": "str", "required": True, "no_log": False},
            "keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "stage": {"type": "str", "choices": list(STAGES), "default": CURRENT},
        },
        read,
    )


if __name__ == "__main__":
    main()
