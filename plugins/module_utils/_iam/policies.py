# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One policy for each purpose, from the names of an installation; in several documents where one would be too long."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam import maintenance, statements
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.settings import Settings
from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.statements import Statement

Policy = dict[str, Any]

# Characters of a managed policy, white space not counted
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
LIMIT = 6144
# Managed policies that a role or user has room for by default.
MOST = 10
VERSION = "2012-10-17"


def _plan(settings: Settings) -> list[Statement]:
    """Reads everything that preflight looks at, and can change nothing.

    Without kms:CreateGrant, which also a dry run needs, and without asking IAM about itself, which may not restore:
    the plan then says of both that they are unknown.
    """
    return [
        statements.read_source(settings),
        *statements.read_target(settings),
        statements.look_at_keys(settings),
        *statements.read_secrets(settings),
        statements.read_state(settings),
        *statements.look_at_topic(settings),
        *statements.keys_of_services(settings, "dynamodb", "secretsmanager", write=False),
    ]


def _restore(settings: Settings) -> list[Statement]:
    return [
        statements.read_source(settings),
        *statements.read_target(settings),
        statements.copy(settings),
        statements.restore(settings),
        statements.create_members(settings),
        statements.tag_what_is_made(settings),
        statements.change_target(settings),
        statements.take_final_snapshot(settings),
        statements.delete_snapshots(settings),
        statements.delete_members(settings),
        statements.look_at_keys(settings),
        statements.let_rds_use_keys(settings),
        *statements.keys_of_services(settings, "dynamodb", "secretsmanager", "sns"),
        *statements.read_secrets(settings),
        statements.keep_state(settings),
        *statements.notify(settings),
        statements.ask_what_is_allowed(settings),
        *statements.add_cluster_roles(settings),
        *statements.pass_roles(settings),
        *statements.ship(settings),
    ]


def _bootstrap(settings: Settings) -> list[Statement]:
    return [
        *maintenance.stacks(settings),
        *maintenance.look_around(settings),
        maintenance.make_table(settings),
        *maintenance.make_topic(settings),
        *maintenance.make_keys(settings),
        *maintenance.make_monitoring(settings),
        *maintenance.make_roles(settings),
        *maintenance.make_secrets(settings),
    ]


def _cleanup(settings: Settings) -> list[Statement]:
    return [
        statements.read_clusters(settings),
        maintenance.look_at_sharing(settings),
        maintenance.delete_old_snapshots(settings),
        maintenance.prune_state(settings),
        *statements.keys_of_services(settings, "dynamodb"),
    ]


def _rotation(settings: Settings) -> list[Statement]:
    return [
        statements.read_clusters(settings),
        maintenance.change_master_password(settings),
        *maintenance.change_secrets(settings),
        statements.read_state(settings),
        *statements.keys_of_services(settings, "dynamodb", "secretsmanager"),
    ]


PURPOSES: Mapping[str, Callable[[Settings], list[Statement]]] = {
    "plan": _plan,
    "restore": _restore,
    "bootstrap": _bootstrap,
    "cleanup": _cleanup,
    "rotation": _rotation,
}


def policies(settings: Settings, purposes: Sequence[str] = ()) -> dict[str, Policy]:
    """By name: the purpose, or ``<purpose>-1``, ``<purpose>-2`` and so on where one document would be too long.

    :param purposes: only these; left out, all of them.
    :raises ValueError: there is no such purpose, or a policy can't be cut to the size that IAM takes.
    """
    unknown = sorted(set(purposes) - PURPOSES.keys())
    if unknown:
        raise ValueError(f"There is no purpose {', '.join(unknown)}: there are {', '.join(PURPOSES)}.")
    made: dict[str, Policy] = {}
    for purpose in purposes or PURPOSES:
        documents = split(purpose, PURPOSES[purpose](settings))
        names = [purpose] if len(documents) == 1 else [f"{purpose}-{n}" for n in range(1, len(documents) + 1)]
        made |= dict(zip(names, documents, strict=True))
    return made


def split(purpose: str, items: Iterable[Statement], limit: int = LIMIT) -> list[Policy]:
    """The statements in as few documents as they fit into in their order.

    :raises ValueError: a statement alone is too long, or there are more documents than a role can have.
    """
    made: list[Policy] = []
    for item in items:
        alone = document([item])
        if size(alone) > limit:
            raise ValueError(
                f"The statement {item['Sid']} of the {purpose} policy has {size(alone)} characters, and IAM takes "
                f"{limit}: name fewer resources, or use names that end in *."
            )
        if made and size(document([*made[-1]["Statement"], item])) <= limit:
            made[-1]["Statement"].append(item)
        else:
            made.append(alone)
    if len(made) > MOST:
        raise ValueError(f"The {purpose} policy needs {len(made)} documents, and a role can have {MOST}.")
    return made


def document(items: Sequence[Statement]) -> Policy:
    return {"Version": VERSION, "Statement": list(items)}


def size(policy: Policy) -> int:
    """Characters as IAM counts them: white space is none."""
    return len(re.sub(r"\s", "", json.dumps(policy)))
