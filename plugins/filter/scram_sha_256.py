# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: scram_sha_256
short_description: The SCRAM-SHA-256 verifier of a password
version_added: 0.1.0
author:
  - dbops.aurora_restore contributors (@dbops)
description:
  - Makes what PostgreSQL itself would store of a password, with a random salt. C(ALTER ROLE … PASSWORD) takes it in
    place of the password, which then appears in no statement and in no server log.
  - Each call gives another verifier. Whether a role already has a password can only be found out by logging in.
options:
  _input:
    description: The password.
    type: string
    required: true
"""

EXAMPLES = r"""
- name: Set a password without sending it
  community.postgresql.postgresql_query:
    login_db: shop
    query: ALTER ROLE shop_app PASSWORD %(verifier)s
    named_args:
      verifier: "{{ secret.app_password | dbops.aurora_restore.scram_sha_256 }}"
  no_log: true
"""

RETURN = r"""
_value:
  description: The verifier, as C(pg_authid.rolpassword) holds it.
  type: string
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._postgres.scram import verifier


def scram_sha_256(password: Any) -> str:
    if not isinstance(password, str) or not password:
        raise AnsibleFilterError("scram_sha_256 takes a password: a text that is not empty")
    return verifier(password)


class FilterModule:
    """Password verifiers."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"scram_sha_256": scram_sha_256}
