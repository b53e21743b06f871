# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who runs an operation, where, and with what: written to its item."""

from __future__ import annotations

import getpass
import platform
from collections.abc import Mapping
from typing import Any

# The variables in which AWX and Ansible Automation Platform name the job, the newest spelling first
CONTROLLER_JOB = ("AWX_JOB_ID", "TOWER_JOB_ID", "JOB_ID")


def about_run(caller_arn: str, ansible_version: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """who (AWS principal), user, controller_job_id, versions."""
    return {
        "who": caller_arn,
        "user": _user(),
        "controller_job_id": next((environment[name] for name in CONTROLLER_JOB if environment.get(name)), None),
        "versions": {"ansible": ansible_version, "python": platform.python_version(), **_sdk_versions()},
    }


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        return None


def _sdk_versions() -> dict[str, str]:
    try:
        import boto3
        import botocore
    except ImportError:
        return {}
    return {"boto3": boto3.__version__, "botocore": botocore.__version__}
