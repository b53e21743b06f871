# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: config_inventory
short_description: Variables of a target from a config.json of the Lambda pipeline
version_added: 0.2.0
author:
  - dbops.aurora_restore contributors (@dbops)
description:
  - Reads the text of a C(config.json) and gives the variables of the role P(dbops.aurora_restore.aurora_restore#role)
    that say the same. Nothing is asked of AWS.
  - All that is wrong with the text is one error, which names keys and never a value that might be a secret. Unknown
    keys are an error, and so is anything that looks like a password or an access key.
  - The guide "From the Lambda pipeline" has the table of the keys.
options:
  _input:
    description: The text of the file.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the variables
  ansible.builtin.debug:
    msg: "{{ lookup('ansible.builtin.file', 'config.json') | dbops.aurora_restore.config_inventory }}"
"""

RETURN = r"""
_value:
  description: A dict of C(host), the target's cluster id, C(variables), a dict of variables by name, and C(notes), a
    list of dicts with C(key) and C(text) about what could not be mapped and what is needed besides.
  type: dict
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._config.importing import imported


def config_inventory(text: str) -> dict[str, Any]:
    try:
        return asdict(imported(text))
    except ValueError as error:
        # Ansible shows causes as well, which would be the same once more.
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The inventory of those who had the Lambda pipeline."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"config_inventory": config_inventory}
