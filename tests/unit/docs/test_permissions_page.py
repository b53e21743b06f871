# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide on permissions has each statement of each policy, with its actions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.policies import PURPOSES, policies
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.settings import Settings

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "docsite" / "rst" / "permissions.rst").read_text()
SETTINGS = Settings.of(
    {
        "account": "123456789012", "source_region": "us-east-1", "source_cluster_id": "shop-production",
        "target_region": "us-west-2", "target_cluster_id": "shop-staging", "secrets": ["master", "app"],
        "topic": "arn:aws:sns:us-west-2:123456789012:aurora-restore", "cluster_roles": ["import"], "cloudwatch": True,
        "service_keys": ["arn:aws:kms:us-west-2:123456789012:key/1"],
    }
)  # fmt: skip
ROW = re.compile(r"^  \* - (\w+)\n    - (``.*``)\n    - (.+)$", re.MULTILINE)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_guide_has_each_statement(purpose: str) -> None:
    table = GUIDE.split(f".. list-table:: Policy: {purpose}\n")[1].split(".. list-table::")[0]
    told = {sid: re.findall(r"``([^`]+)``", actions) for sid, actions, why in ROW.findall(table) if why}
    made = {
        item["Sid"]: [item["Action"]] if isinstance(item["Action"], str) else item["Action"]
        for document in policies(SETTINGS, [purpose]).values()
        for item in document["Statement"]
    }
    assert told == made
