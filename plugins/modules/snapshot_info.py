# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot_info
short_description: Find the Aurora cluster snapshot to restore
version_added: 0.1.0
description:
  - Lists the snapshots of a cluster, says of each whether it can be used and why not, and picks the newest usable one.
  - A snapshot is usable when it is available and meets every condition given. One that is itself a copy of another
    snapshot is only used when it is named in O(snapshot_id).
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  cluster_id:
    description: The cluster whose snapshots are looked at; it need not exist any more.
    type: str
  snapshot_id:
    description: One snapshot, by id or ARN. Automated ones have ids that start with V(rds:).
    type: str
  snapshot_prefix:
    description: Only snapshots whose id starts with this, for automated ones with or without V(rds:).
    type: str
  snapshot_type:
    description: Only snapshots of this type.
    type: str
    choices: [automated, manual, any]
    default: any
  max_age_hours:
    description: Only snapshots not older than this.
    type: float
  created_before:
    description: Only snapshots created before this moment (ISO 8601; without a zone it is UTC).
    type: str
  tags:
    description: Only snapshots that have these tags with these values.
    type: dict
    default: {}
  required:
    description: Fail with a sentence that says why, when there is no usable snapshot.
    type: bool
    default: false
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
- name: Last night's automated snapshot of production
  dbops.aurora_restore.snapshot_info:
    region: us-east-1
    cluster_id: shop-production
    snapshot_type: automated
    max_age_hours: 30
    required: true
  register: found

- name: One snapshot, pinned
  dbops.aurora_restore.snapshot_info:
    region: us-east-1
    snapshot_id: shop-production-weekly
    required: true
"""

RETURN = r"""
snapshot:
  description: The newest usable snapshot, or null.
  returned: always
  type: dict
  sample: {"db_cluster_snapshot_identifier": "rds:shop-production-2026-03-01-02-00", "age_seconds": 5400}
snapshots:
  description: All usable snapshots, newest first.
  returned: always
  type: list
  elements: dict
candidates:
  description: Every snapshot looked at, newest first, with the reason where it can't be used.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: The id of the snapshot.
      type: str
    status:
      description: Its status.
      type: str
    created_at:
      description: When it was created, or null while it is being created.
      type: str
    usable:
      description: Whether it can be used.
      type: bool
    reason:
      description: Why not, or null.
      type: str
"""

from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput, NotFound
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import Snapshot, from_iso
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.selection import (
    Wish,
    age_seconds,
    judge,
    newest_usable,
    why_none,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import utc_now


def wish_of(params: Any) -> Wish:
    try:
        before = from_iso(params["created_before"]) if params["created_before"] else None
    except ValueError as error:
        raise BadInput(f"created_before is not a moment in ISO 8601: {params['created_before']}") from error
    return Wish(
        snapshot_id=params["snapshot_id"],
        prefix=params["snapshot_prefix"],
        snapshot_type=params["snapshot_type"],
        max_age_hours=params["max_age_hours"],
        created_before=before,
        tags={key: str(value) for key, value in params["tags"].items()},
    )


def body(context: Context) -> dict[str, Any]:
    wish, cluster_id = wish_of(context.params), context.params["cluster_id"]
    client, now = context.client("rds"), utc_now()
    if wish.snapshot_id:
        pinned = api.find_snapshot(client, wish.snapshot_id)
        found = [pinned] if pinned else []
    else:
        found = api.describe_snapshots(client, cluster_id=cluster_id)
    candidates = judge([Snapshot.from_boto(item) for item in found], wish, now)
    usable = [
        {**item.snapshot.to_result(), "age_seconds": age_seconds(item.snapshot, now)}
        for item in candidates
        if item.usable
    ]
    if newest_usable(candidates) is None and context.params["required"]:
        raise NotFound(why_none(candidates, wish, context.region, cluster_id), resource=wish.snapshot_id or cluster_id)
    return {
        "changed": False,
        "snapshot": usable[0] if usable else None,
        "snapshots": usable,
        "candidates": [item.to_result() for item in candidates],
    }


def main() -> None:
    run(
        {
            "cluster_id": {"type": "str"},
            "snapshot_id": {"type": "str"},
            "snapshot_prefix": {"type": "str"},
            "snapshot_type": {"type": "str", "choices": ["automated", "manual", "any"], "default": "any"},
            "max_age_hours": {"type": "float"},
            "created_before": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
            "required": {"type": "bool", "default": False},
        },
        body,
        required_one_of=[("cluster_id", "snapshot_id")],
    )


if __name__ == "__main__":
    main()
