# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot_copy
short_description: Copy an Aurora cluster snapshot into a region, re-encrypted
version_added: 0.1.0
description:
  - Makes sure that a copy of a snapshot is available in the region of the module, under the given key.
  - A copy of the same source under the same key is reused, whatever its name; one that is still being made is waited
    for; one that has failed under the wanted name is deleted and made anew. A snapshot of another source under the
    wanted name is an error.
  - A snapshot that is not encrypted is copied as it is; give the key to M(dbops.aurora_restore.cluster_restore).
  - When AWS makes as many copies as it makes at a time, the module waits for its turn.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  source_snapshot:
    description:
      - The snapshot to copy, as M(dbops.aurora_restore.snapshot_info) returns it. Only C(db_cluster_snapshot_arn) is
        used; everything else is read again.
    type: dict
    required: true
  source_region:
    description: The region of the snapshot. Left out, the region in its ARN.
    type: str
  kms_key_id:
    description: The key of the copy, as id, ARN or alias of the module's region. Required for an encrypted snapshot of
      another region.
    type: str
  snapshot_id:
    description: The id of the copy. Left out, it is made of the source cluster, the time of the snapshot, and a hash of
      source and key.
    type: str
  tags:
    description: Tags for the copy, besides the source's and those of this collection.
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    details: Describes source, key and existing copies, and fails on what would fail.
  diff_mode:
    support: full
  idempotent:
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.assume_role
  - dbops.aurora_restore.attributes
  - dbops.aurora_restore.wait
  - dbops.aurora_restore.operation
"""

EXAMPLES = r"""
- name: Bring last night's snapshot to us-west-2
  dbops.aurora_restore.snapshot_copy:
    region: us-west-2
    source_snapshot: "{{ found.snapshot }}"
    kms_key_id: alias/shop-staging
    wait_timeout: 14400
  register: copied
"""

RETURN = r"""
snapshot:
  description:
    - The copy. In check mode, where it does not exist yet, what it will look like, with C(planned) true.
    - C(source_snapshot_arn) and C(source_snapshot_time) tell whose data it holds, and of when.
  returned: always
  type: dict
  sample: {"db_cluster_snapshot_identifier": "shop-production-202603010200-1a2b3c4d", "status": "available"}
action:
  description:
    - V(copied), V(adopted) for a copy that was already being made, V(reused) for an available one, V(planned) in check
      mode, V(source) when the source itself can be restored as it is.
  returned: always
  type: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import (
    Context,
    operation_spec,
    run,
    wait_spec,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import copying
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.models import arn_part
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.naming import id_problem
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.session import Session
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.statuses import AVAILABLE
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.waiting import describe_change

SHOWN = ("db_cluster_snapshot_identifier", "source_db_cluster_snapshot_arn", "kms_key_id", "status", "tags")


def wish_of(context: Context) -> copying.CopyWish:
    params = context.params
    arn = params["source_snapshot"].get("db_cluster_snapshot_arn")
    if not arn:
        raise BadInput("source_snapshot has no db_cluster_snapshot_arn", hint="Pass what snapshot_info returned.")
    problem = id_problem(params["snapshot_id"]) if params["snapshot_id"] else None
    if problem:
        raise BadInput(f"snapshot_id {params['snapshot_id']} is not a valid id: {problem}")
    source_region = params["source_region"] or arn_part(arn, 3)
    return copying.CopyWish(
        source=copying.checked_source(context.client("rds", region=source_region), arn),
        kms_key_arn=copying.resolved_key(context.client("kms"), params["kms_key_id"], context.region),
        snapshot_id=params["snapshot_id"],
        tags={key: str(value) for key, value in params["tags"].items()},
    )


def body(context: Context) -> dict[str, Any]:
    outcome = copying.copy(Session.of(context), wish_of(context))
    name = outcome.snapshot.get("db_cluster_snapshot_identifier")
    context.journal.result({"action": outcome.action, "snapshot_id": name})
    return {
        "changed": outcome.changed,
        "action": outcome.action,
        "snapshot": outcome.snapshot,
        "diff": describe_change(shown(outcome.before), shown(outcome.snapshot)),
    }


def shown(snapshot: Mapping[str, Any] | None) -> dict[str, Any]:
    """A snapshot as it stands in a diff; a planned one as it will be."""
    if not snapshot:
        return {}
    return {**{key: snapshot.get(key) for key in SHOWN}, **({"status": AVAILABLE} if snapshot.get("planned") else {})}


def main() -> None:
    run(
        {
            "source_snapshot": {"type": "dict", "required": True},
            "source_region": {"type": "str"},
            "kms_key_id": {"type": "str"},
            "snapshot_id": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
            **wait_spec(7200),
            **operation_spec(),
        },
        body,
    )


if __name__ == "__main__":
    main()
