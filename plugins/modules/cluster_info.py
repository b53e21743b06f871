# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_info
short_description: Describe an Aurora cluster and its configuration
version_added: 0.1.0
description:
  - Returns a cluster with its members, and its configuration in the form that
    M(dbops.aurora_restore.cluster_restore) takes.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  cluster_id:
    description: The identifier of the cluster.
    type: str
  resource_id:
    description: The C(DbClusterResourceId) of the cluster, which does not change when it is renamed. With O(cluster_id)
      both must match.
    type: str
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: This module changes nothing.
  idempotent:
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.assume_role
  - dbops.aurora_restore.attributes
"""

EXAMPLES = r"""
- name: What staging looks like
  dbops.aurora_restore.cluster_info:
    region: us-west-2
    cluster_id: shop-staging
  register: staging
"""

RETURN = r"""
exists:
  description: Whether there is such a cluster.
  returned: always
  type: bool
cluster:
  description:
    - The cluster with C(instances) (writer first), C(custom_endpoints) and C(scaling_policies), or null. The last two
      are null when they could not be read.
  returned: always
  type: dict
  sample: {"db_cluster_identifier": "shop-staging", "status": "available"}
configuration:
  description: Its configuration, or null.
  returned: always
  type: dict
  sample: {"db_subnet_group_name": "shop-staging", "instances": [{"db_instance_class": "db.r6g.large"}]}
"""

from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.reading import read_cluster


def body(context: Context) -> dict[str, Any]:
    found = read_cluster(
        context.client("rds"),
        context.client("application-autoscaling"),
        context.params["cluster_id"],
        context.params["resource_id"],
    )
    if found is None:
        return {"changed": False, "exists": False, "cluster": None, "configuration": None}
    for problem in found.problems:
        context.warn(problem)
    return {"changed": False, "exists": True, "cluster": found.to_result(), "configuration": found.configuration}


def main() -> None:
    run(
        {"cluster_id": {"type": "str"}, "resource_id": {"type": "str"}},
        body,
        required_one_of=[("cluster_id", "resource_id")],
    )


if __name__ == "__main__":
    main()
