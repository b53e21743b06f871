# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ``operation`` option of modules that change something."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  operation:
    description:
      - The operation that this task belongs to, exactly as M(dbops.aurora_restore.operation) returns it.
      - With it the module writes what it is about to do, how it goes and what came of it to the operation's step in the
        state table, renews the operation's lease while it waits, and stops before the next call that changes anything
        once another operation holds the target or the state can't be written.
      - Without it the module works on its own. In check mode nothing is written.
    type: dict
    suboptions:
      id:
        description: The operation's id, a ULID.
        type: str
        required: true
      step:
        description: The step whose item is written. Without it the item is named after the module.
        type: str
      target:
        description: The target as C(<account>/<region>/<cluster>).
        type: str
        required: true
      owner:
        description: The process that holds the lease.
        type: str
        required: true
      fence:
        description: A number that grows with each lease of the target. V(0) is an operation planned in check mode, for
          which nothing is ever written.
        type: int
        required: true
      table:
        description: The state table.
        type: str
        required: true
      region:
        description: The region of the state table.
        type: str
        required: true
      endpoint_url:
        description: The endpoint of the state table; left out, the one of the module's connection options.
        type: str
"""
