# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ansible loads callback plugins that lie beside a playbook without being told to."""

from __future__ import annotations

from ansible_collections.dbops.aurora_restore.plugins.callback import operation_log


class CallbackModule(operation_log.CallbackModule):
    """The collection's, for its own playbooks."""

    CALLBACK_NAME = "aurora_restore_operation_log"
    CALLBACK_NEEDS_ENABLED = False
