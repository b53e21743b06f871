# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of the one poller."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until AWS has done what was asked for.
      - Without waiting the module returns as soon as AWS has accepted the call. What has to come after it is then left
        to a second run of the same task.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds all waits of the task together may take. When they have passed, the task fails, and what was
        waited for goes on in AWS; running the task again goes on waiting for it.
    type: int
    default: 7200
  poll_interval:
    description:
      - The longest pause, in seconds, between two looks at AWS. The first pauses are shorter.
    type: float
    default: 30
"""
