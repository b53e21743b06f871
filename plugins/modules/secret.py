# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: secret
short_description: Create a JSON secret with generated passwords, and move its versions through their stages
version_added: 0.2.0
description:
  - Makes secrets that are JSON objects, with passwords from Secrets Manager's own generator, and takes new passwords
    through the stages of a rotation.
  - No value of a secret is an argument or a result, so that none can end up in output, logs or on disk.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  secret_id:
    description: Name or ARN of the secret.
    type: str
    required: true
  state:
    description:
      - V(present) creates the secret when there is none. One that exists is never changed, but given a value when it
        has none; that it lacks a key of O(content) or O(generated) is an error.
      - V(pending) gives the secret a version with the stage C(AWSPENDING), with new passwords under O(generated), the
        values of O(content), and all else as it is now. A version that is pending already is kept as it is.
      - V(promoted) makes the pending version the current one. Without a pending version there is nothing to do.
      - V(abandoned) takes C(AWSPENDING) from the pending version. The current one stays.
      - V(absent) schedules the secret for deletion.
    type: str
    choices: [present, pending, promoted, abandoned, absent]
    default: present
  content:
    description: Keys and values that are no secret, such as names of users and of the database.
    type: dict
    default: {}
  generated:
    description: Keys that get new passwords.
    type: list
    elements: str
    default: []
  password_length:
    description: How long new passwords are, 8 to 41, which RDS takes for every engine. They have neither blanks nor any
      of C(/), C("), C(@), C(') and backslash.
    type: int
    default: 32
  description:
    description: What a new secret is for.
    type: str
  kms_key_id:
    description: The key of a new secret. Left out, that of AWS for Secrets Manager.
    type: str
  tags:
    description: Tags of a new secret.
    type: dict
    default: {}
  version_id:
    description: The version for O(state=promoted) and O(state=abandoned). Left out, the one that is pending.
    type: str
  only_tagged:
    description: Tags without which a secret is refused in all states but V(present).
    type: dict
    default: {}
  recovery_window:
    description: How many days a secret that is scheduled for deletion can be restored, 7 to 30.
    type: int
    default: 30
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.assume_role
  - dbops.aurora_restore.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows keys and stages, never values.
  idempotent:
    support: full
seealso:
  - module: dbops.aurora_restore.secret_info
  - module: dbops.aurora_restore.credentials_rotate
"""

EXAMPLES = r"""
- name: Have a secret for application and read-only user
  dbops.aurora_restore.secret:
    region: us-west-2
    secret_id: shop/staging/app
    content:
      app_username: shop_app
      readonly_username: shop_readonly
    generated: [app_password, readonly_password]
    tags:
      team: shop

- name: Give it new passwords, which are not in force yet
  dbops.aurora_restore.secret:
    region: us-west-2
    secret_id: shop/staging/app
    state: pending
    generated: [app_password, readonly_password]

- name: Put them in force
  dbops.aurora_restore.secret:
    region: us-west-2
    secret_id: shop/staging/app
    state: promoted

- name: Delete it, but only one of ours
  dbops.aurora_restore.secret:
    region: us-west-2
    secret_id: shop/staging/app
    state: absent
    only_tagged:
      team: shop
"""

RETURN = r"""
secret:
  description: The secret, without any value; in check mode as it would be.
  returned: success
  type: dict
  contains:
    arn:
      description: Its ARN, null when there is none.
      type: str
      returned: always
    name:
      description: Its name.
      type: str
      returned: always
    version_id:
      description: The version that this was about, null when there is none (yet).
      type: str
      returned: always
    stages:
      description: The stages of each version that has any.
      type: dict
      returned: always
      sample: {8f2c...: [AWSCURRENT]}
    key_names:
      description: The keys of that version.
      type: list
      elements: str
      returned: always
    tags:
      description: Its tags.
      type: dict
      returned: always
    made:
      description: Whether this made it, or gave it its first value.
      type: bool
      returned: always
"""

from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._credentials import keeping
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, run

STATES = ("present", "pending", "promoted", "abandoned", "absent")


def body(context: Context) -> dict[str, Any]:
    params = context.params
    wanted = keeping.Wanted(
        **{
            key: params[key]
            for key in ("secret_id", "content", "generated", "password_length", "description", "kms_key_id", "tags",
                        "version_id", "only_tagged", "recovery_window")
        }
    )  # fmt: skip
    keeping.require_fitting(wanted)
    keeper = keeping.Keeper(context.client("secretsmanager"), context.journal, context.no_log, context.check_mode)
    return keeping.to_result(wanted, getattr(keeper, params["state"])(wanted))


def main() -> None:
    run(
        {
            "secret_id": {"type": "str", "required": True, "no_log": False},
            "state": {"type": "str", "choices": list(STATES), "default": "present"},
            "content": {"type": "dict", "default": {}},
            "generated": {"type": "list", "elements": "str", "default": []},
            "password_length": {"type": "int", "default": 32, "no_log": False},
            "description": {"type": "str"},
            "kms_key_id": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
            "version_id": {"type": "str"},
            "only_tagged": {"type": "dict", "default": {}},
            "recovery_window": {"type": "int", "default": 30},
        },
        body,
    )


if __name__ == "__main__":
    main()
