# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cleanup
short_description: Delete old copies and final snapshots of a target, and expired operations from the state table
version_added: 0.2.0
description:
  - Decides about each manual cluster snapshot of the target's region that this collection has made for the target
    (final snapshots) or from the source (copies), and about each operation of the target in the state table. Says what
    goes, why, and what it costs to keep; deletes it with O(apply=true).
  - A snapshot goes when it is older than its age and not among the newest that are counted either. Only snapshots
    count whose tags and provenance say that this collection made them; names alone never do.
  - Never deleted are the newest copy of a source (under each key, and the one with the newest data) and the newest
    final snapshot; what an unfinished operation uses or may want; what a cluster is being restored from, or another
    snapshot copied from; what is neither C(available) nor C(failed); what is younger than O(minimum_age_hours); and
    what other accounts may restore, without O(shared=true).
  - Of the state table only operations go that are finished and whose C(expires_at) has passed, with their steps and
    audit trail, and what is left of operations that are gone. Leases never do.
  - Each thing is looked at once more right before it is deleted, with all operations of the table.
author:
  - dbops.aurora_restore contributors (@dbops)
options:
  table:
    description: The state table, in the region of this module. If it can't be read, nothing is deleted.
    type: str
    required: true
  target_cluster_id:
    description: The target, in the region of this module. The cluster need not exist.
    type: str
    required: true
  source_region:
    description: The region of the source.
    type: str
    required: true
  source_cluster_id:
    description: The cluster whose snapshots were copied.
    type: str
    required: true
  keep_copies:
    description: So many of the newest copies of the source under each key stay, however old. V(0) keeps one all the
      same.
    type: int
    default: 2
  copies_older_than_days:
    description: A copy stays until it is older than this.
    type: float
    default: 7
  keep_final_snapshots:
    description: So many of the newest final snapshots of the target stay, however old. V(0) keeps one all the same.
    type: int
    default: 3
  final_snapshots_older_than_days:
    description: A final snapshot stays until it is older than this.
    type: float
    default: 30
  minimum_age_hours:
    description: Nothing that is younger goes, failed copies included.
    type: float
    default: 24
  shared:
    description: Whether snapshots go that other accounts may restore.
    type: bool
    default: false
  prices:
    description: Prices by region, as C(aurora_restore_prices); they win over those that come with the collection.
    type: dict
    default: {}
  apply:
    description: Whether to delete what is found. Left out, it is only listed, as it is in check mode.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - dbops.aurora_restore.assume_role
  - dbops.aurora_restore.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - What has become old enough meanwhile goes in the next run.
"""

EXAMPLES = r"""
- name: See what would go
  dbops.aurora_restore.cleanup:
    region: us-west-2
    table: aurora-restore-state
    target_cluster_id: shop-staging
    source_region: us-east-1
    source_cluster_id: shop-production
  register: found

- name: Keep one copy, and the final snapshots of a year
  dbops.aurora_restore.cleanup:
    region: us-west-2
    table: aurora-restore-state
    target_cluster_id: shop-staging
    source_region: us-east-1
    source_cluster_id: shop-production
    keep_copies: 1
    copies_older_than_days: 2
    final_snapshots_older_than_days: 365
    apply: true
"""

RETURN = r"""
deleted:
  description: What was deleted; without O(apply=true), and in check mode, what would be.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: V(copy), V(final snapshot) or V(operation).
      type: str
      returned: always
    id:
      description: Id of the snapshot or operation.
      type: str
      returned: always
    arn:
      description: ARN of the snapshot, else null.
      type: str
      returned: always
    owner:
      description: The source of a copy, the target of a final snapshot or operation, as C(account/region/cluster).
      type: str
      returned: always
    status:
      description: Its status.
      type: str
      returned: always
    reason:
      description: Why it goes, or stays.
      type: str
      returned: always
    created_at:
      description: When it was made, null where nobody knows.
      type: str
      returned: always
    age_days:
      description: How old it is, null where nobody knows.
      type: float
      returned: always
    size_gib:
      description: Its size, null where AWS does not say.
      type: int
      returned: always
    item_count:
      description: How many items of the state table.
      type: int
      returned: for operations
kept:
  description: What this collection has made and what stays, in the same form.
  returned: success
  type: list
  elements: dict
reported:
  description: What stays, and what somebody should look at, with C(hint). Copies in flight that no run waits for, and
    clusters (V(cluster)) of dead operations in a status that they don't leave.
  returned: success
  type: list
  elements: dict
applied:
  description: Whether things were deleted, or only listed.
  returned: success
  type: bool
cost:
  description: What it costs to keep the snapshots, as far as AWS says how big they are.
  returned: success
  type: dict
  contains:
    currency:
      description: Of all amounts.
      type: str
      returned: always
    price_gib_month:
      description: The price of a GiB of snapshot for a month, null where none is known for the region.
      type: float
      returned: always
    prices_of:
      description: When that price was valid.
      type: str
      returned: always
    source:
      description: Where that price is from.
      type: str
      returned: always
    deleted:
      description: Of what goes C(gib) and C(month), the amount for a month; C(unknown) is how many snapshots have no
        known size, and are not part of that.
      type: dict
      returned: always
    kept:
      description: The same of what stays.
      type: dict
      returned: always
foreign:
  description: How many manual snapshots of the region are not this collection's.
  returned: success
  type: int
lines:
  description: All that as lines of text for people.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup import acting, rules, telling
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.looking import Desk, FreshLook
from ansible_collections.dbops.aurora_restore.plugins.module_utils._cleanup.world import (
    DELETE,
    KEEP,
    REPORT,
    Place,
    Rules,
)
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import BadInput
from ansible_collections.dbops.aurora_restore.plugins.module_utils._module import Context, run
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import prices
from ansible_collections.dbops.aurora_restore.plugins.module_utils._poller import Poller
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds import api
from ansible_collections.dbops.aurora_restore.plugins.module_utils._regions import require_region
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state import table as state_table
from ansible_collections.dbops.aurora_restore.plugins.module_utils._state.journal import runner_watch

SETTINGS: dict[str, Any] = {
    "keep_copies": {"type": "int", "default": 2},
    "copies_older_than_days": {"type": "float", "default": 7.0},
    "keep_final_snapshots": {"type": "int", "default": 3},
    "final_snapshots_older_than_days": {"type": "float", "default": 30.0},
    "minimum_age_hours": {"type": "float", "default": 24.0},
    "shared": {"type": "bool", "default": False},
}
# Seconds that each deletion may take when AWS asks to slow down
PATIENCE = 60


def settings_of(params: Any) -> Rules:
    for name in (name for name in SETTINGS if name != "shared"):
        if not params[name] >= 0:  # nan, too
            raise BadInput(f"{name} must be a number that is not negative, is {params[name]}")
    return Rules(**{name: params[name] for name in SETTINGS})


def desk_of(context: Context) -> Desk:
    params, region = context.params, context.region
    require_region(region, "aurora_restore_target_region")
    require_region(params["source_region"], "aurora_restore_source_region")
    account = str(api.caller_identity(context.client("sts"))["Account"])
    fresh = FreshLook(runner_watch(context.runner))
    context.journal = fresh
    dynamodb = context.state_client({"region": region})
    state_table.require_table(dynamodb, params["table"], region)
    return Desk(
        rds=context.client("rds"),
        once=context.destroying_client("rds"),
        dynamodb=dynamodb,
        table=params["table"],
        source=Place(account, params["source_region"], params["source_cluster_id"].lower()),
        target=Place(account, region, params["target_cluster_id"].lower()),
        fresh=fresh,
    )


def body(context: Context) -> dict[str, Any]:
    settings = settings_of(context.params)
    known_prices = prices.merged(prices.SHIPPED, context.params["prices"]).get(context.region) or {}
    desk = desk_of(context)
    world = desk.look(settings)
    decided = rules.decide(world, settings)
    deleted = [item for item in decided if item.verdict == DELETE]
    kept = [item for item in decided if item.verdict == KEEP]
    reported = [item for item in decided if item.verdict == REPORT]
    applied = context.params["apply"] and not context.check_mode
    if applied:
        outcome = acting.apply(desk, decided, settings, Poller(PATIENCE, 5, context.journal.progress))
        if outcome.failed:
            raise acting.incomplete(outcome)
        deleted, kept = outcome.deleted, kept + outcome.kept
    costs, foreign = telling.cost(deleted, kept + reported, known_prices), len(list(rules.foreign(world)))
    return {
        "changed": bool(context.params["apply"] and deleted),
        "applied": applied,
        "deleted": [item.to_result() for item in deleted],
        "kept": [item.to_result() for item in kept],
        "reported": [item.to_result() for item in reported],
        "cost": costs,
        "foreign": foreign,
        "lines": telling.lines(world, deleted, kept, reported, costs, applied, foreign),
    }


def main() -> None:
    run(
        {
            "table": {"type": "str", "required": True},
            "target_cluster_id": {"type": "str", "required": True},
            "source_region": {"type": "str", "required": True},
            "source_cluster_id": {"type": "str", "required": True},
            **SETTINGS,
            "prices": {"type": "dict", "default": {}},
            "apply": {"type": "bool", "default": False},
        },
        body,
    )


if __name__ == "__main__":
    main()
