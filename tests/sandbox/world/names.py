# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How everything in the world is called."""

from __future__ import annotations

from dataclasses import dataclass

ACCOUNT = "123456789012"
SOURCE_REGION, TARGET_REGION = "us-east-1", "us-west-2"
PRODUCTION, STAGING, LEGACY = "shop-production", "shop-staging", "legacy-reporting"
ENGINE = "aurora-postgresql"
MASTER, DATABASE = "dbadmin", "shop"
APPLICATION, READ_ONLY = "shop_app", "shop_readonly"
OTHER_LOGINS = ("report_user", "jane.doe", 'batch"job')
AFTER_SNAPSHOT = "after-snapshot@example.com"
TOPIC, QUEUE = "aurora-restore", "aurora-restore-inbox"
STATE_TABLE, OLD_STATE_TABLE = "aurora-restore-state", "aurora-restore-old"
MONITORING_ROLE = "rds-monitoring"


@dataclass(frozen=True)
class Member:
    """An instance of a cluster, with the settings that are worth carrying over."""

    name: str
    instance_class: str
    tier: int
    zone: str
    parameter_group: str | None = None
    monitoring_interval: int = 0
    performance_insights: bool = False
    maintenance_window: str = "sun:05:00-sun:05:30"
