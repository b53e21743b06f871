# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ``configuration`` of a cluster: what cluster_info returns and cluster_restore takes."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  configuration:
    description:
      - The settings of the cluster and its members, as M(dbops.aurora_restore.cluster_info) returns them.
    type: dict
    suboptions:
      engine:
        description: For the record. A restore takes the snapshot's.
        type: str
      engine_version:
        description: For the record. A restore takes the snapshot's.
        type: str
      port:
        description: The port of the cluster.
        type: int
      db_subnet_group_name:
        description: The subnet group. It can't be changed after a restore.
        type: str
      vpc_security_group_ids:
        description: The security groups.
        type: list
        elements: str
      db_cluster_parameter_group_name:
        description: The cluster parameter group.
        type: str
      kms_key_id:
        description: The key of the storage. Left out, the snapshot's key. It can't be changed after a restore.
        type: str
      storage_type:
        description: V(aurora) or V(aurora-iopt1).
        type: str
      backup_retention_period:
        description: How many days automated backups are kept.
        type: int
      preferred_backup_window:
        description: The daily backup window in UTC, as C(02:00-02:30).
        type: str
      preferred_maintenance_window:
        description: The weekly maintenance window in UTC, as C(sun:05:00-sun:05:30).
        type: str
      enabled_cloudwatch_logs_exports:
        description: The logs that are exported to CloudWatch Logs.
        type: list
        elements: str
      iam_database_authentication_enabled:
        description: Whether logins with IAM credentials are allowed.
        type: bool
      deletion_protection:
        description: Whether the cluster is protected against deletion.
        type: bool
      copy_tags_to_snapshot:
        description: Whether snapshots get the cluster's tags.
        type: bool
      serverless_v2_scaling_configuration:
        description: The capacity range of members of class C(db.serverless).
        type: dict
        suboptions:
          min_capacity:
            description: The smallest capacity in ACU. V(0) allows pausing.
            type: float
          max_capacity:
            description: The largest capacity in ACU.
            type: float
          seconds_until_auto_pause:
            description: How many idle seconds lead to a pause.
            type: int
      associated_roles:
        description: The IAM roles of the cluster.
        type: list
        elements: dict
        suboptions:
          role_arn:
            description: The ARN of the role.
            type: str
            required: true
          feature_name:
            description: The feature that the role is for.
            type: str
      tags:
        description: The tags of the cluster. Those of AWS and of this collection are left out.
        type: dict
      network_type:
        description: V(IPV4) or V(DUAL).
        type: str
      instances:
        description: The members. The first one becomes the writer.
        type: list
        elements: dict
        suboptions:
          db_instance_class:
            description: The instance class.
            type: str
          availability_zone:
            description: The availability zone. Left out, AWS chooses.
            type: str
          promotion_tier:
            description: The order in which readers take over, 0 to 15.
            type: int
          db_parameter_group_name:
            description: The instance parameter group.
            type: str
          monitoring_interval:
            description: Seconds between two points of Enhanced Monitoring. V(0) turns it off.
            type: int
          monitoring_role_arn:
            description: The role for Enhanced Monitoring.
            type: str
          enable_performance_insights:
            description: Whether Performance Insights is on.
            type: bool
          performance_insights_retention_period:
            description: How many days Performance Insights keeps its data.
            type: int
          performance_insights_kms_key_id:
            description: The key of the Performance Insights data.
            type: str
          ca_certificate_identifier:
            description: The certificate authority of the server certificate.
            type: str
          preferred_maintenance_window:
            description: The weekly maintenance window in UTC.
            type: str
          auto_minor_version_upgrade:
            description: Whether minor versions are upgraded automatically.
            type: bool
          tags:
            description: The tags of the instance.
            type: dict
      lost:
        description: What the replaced cluster had and a restore does not carry over. Returned as it is.
        type: list
        elements: str
"""
