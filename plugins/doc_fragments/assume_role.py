# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The role that every module can make its calls under."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  assume_role_arn:
    description:
      - ARN of an IAM role that all calls are made under. The other credentials need to be allowed to assume it.
      - The session lasts an hour, and is begun anew when it has expired.
    type: str
    version_added: 0.2.0
"""
