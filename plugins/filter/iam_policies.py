# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: iam_policies
short_description: IAM policies with the least privilege for one target
version_added: 0.1.0
author:
  - dbops.aurora_restore contributors (@dbops)
description:
  - Writes the policies that planning, restoring, bootstrap, cleanup and rotation of credentials need, from the names
    of an installation. Nothing is asked of AWS.
  - What has a name is allowed by its ARN; what has none by tag, region, service or namespace. The guide "Permissions"
    explains each statement.
options:
  _input:
    description:
      - The names, as a dict. Values that are none or empty mean the default.
      - Required are C(account), C(source_region), C(source_cluster_id), C(target_region) and C(target_cluster_id).
      - Optional texts are C(partition) (by the region), C(kms_key_id) (the new cluster's), C(topic) (an ARN),
        C(state_table) (V(aurora-restore-state)), C(log_group_prefix) (V(/aurora-restore)), C(metric_namespace)
        (V(AuroraRestore)) and C(prefix) (V(aurora-restore), what the names of everything begin with that bootstrap
        makes).
      - C(secrets) is a list of names or ARNs; C(snapshots) lists manual snapshots of the source whose names do not
        begin with its id, C(members) members of the replaced cluster whose names do not begin with the target's id.
        Those, and C(subnet_groups), C(cluster_parameter_groups) and C(parameter_groups), may end in V(*). Groups of
        which none is named are those whose names begin with the target's id, and AWS's default parameter groups.
      - C(kms_keys) lists ARNs of the keys of snapshots and clusters; a region of which none is named means all its
        keys. C(service_keys) lists ARNs of customer keys of secrets, table and topic.
      - C(monitoring_roles) (V(rds-monitoring*)) and C(cluster_roles) list the roles that members and cluster have,
        C(principals) those that the run works as, by ARN or name.
      - C(untagged_target) says that the replaced cluster need not have the tag of targets, C(cloudwatch) that runs
        ship logs and metrics.
    type: dict
    required: true
  purposes:
    description: Only the policies of these purposes, of V(plan), V(restore), V(bootstrap), V(cleanup) and
      V(rotation). Left out, all.
    type: list
    elements: string
    default: []
"""

EXAMPLES = r"""
- name: Show what a restore needs
  ansible.builtin.debug:
    msg: "{{ (names | dbops.aurora_restore.iam_policies(['restore'])).restore }}"
  vars:
    names:
      account: "123456789012"
      source_region: us-east-1
      source_cluster_id: shop-production
      target_region: us-west-2
      target_cluster_id: shop-staging
      secrets: [shop/staging/master, shop/staging/app]
      topic: arn:aws:sns:us-west-2:123456789012:aurora-restore
"""

RETURN = r"""
_value:
  description: Policy documents by name. The name is the purpose. A policy that IAM would not take as one document is
    cut into several, called C(<purpose>-1), C(<purpose>-2) and so on; all of them are needed then.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.policies import policies
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.settings import Settings


def iam_policies(names: Mapping[str, Any], purposes: Sequence[str] = ()) -> dict[str, Any]:
    try:
        return policies(Settings.of(names), purposes)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Policies of an installation."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"iam_policies": iam_policies}
