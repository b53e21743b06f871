# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The names that policies are made of, and their ARNs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.naming import LONGEST

STEPS = (
    "preflight", "snapshot_check", "snapshot_copy", "cluster_delete", "cluster_restore", "db_users", "notification",
)  # fmt: skip
# Characters after a cluster's id: <yyyymmddhhmm>-<hash8>, final-<key>, <key>-<number of up to two digits>.
COPY_END, FINAL_END, MEMBER_END = 21, 14, 11
ACCOUNT = re.compile(r"\d{12}")
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")
# Fields whose names may end in *.
OPEN_ENDED = (
    "snapshots", "members", "subnet_groups", "cluster_parameter_groups", "parameter_groups", "monitoring_roles",
)  # fmt: skip
# What would say more in a policy than a name: wildcards, and variables of policies.
NO_NAME = re.compile(r"[*?$\s\"]")


@dataclass(frozen=True)
class Settings:
    """One target, and everything around it, as an inventory names it.

    :param secrets: names or ARNs; the master's first.
    :param topic: its ARN; empty where nobody is told.
    :param snapshots: names of manual snapshots of the source, beyond those that begin with its id; may end in ``*``.
    :param members: names of the members of the cluster that is replaced; may end in ``*``. Empty: ``<target>-*``.
    :param kms_key_id: the new cluster's key, as a run is given it: id, ARN or alias. Policies don't know aliases.
    :param kms_keys: ARNs of the keys of snapshots and clusters. A region of which none is named: all its keys.
    :param service_keys: ARNs of customer keys of the secrets, the table and the topic; empty where those are AWS's.
    :param subnet_groups: empty here and in the next two: names that begin with the target's id, and AWS's default
        parameter groups. May end in ``*``.
    :param monitoring_roles: roles that members hand to Enhanced Monitoring; ARNs or names, which may end in ``*``.
    :param cluster_roles: roles of the cluster itself.
    :param principals: roles that the run may ask IAM about, itself being one.
    :param untagged_target: the cluster that is replaced need not have the tag that marks a target.
    :param cloudwatch: whether the run ships logs and metrics.
    """

    account: str
    source_region: str
    source_cluster_id: str
    target_region: str
    target_cluster_id: str
    partition: str = ""
    secrets: Sequence[str] = ()
    state_table: str = "aurora-restore-state"
    topic: str = ""
    snapshots: Sequence[str] = ()
    members: Sequence[str] = ()
    kms_key_id: str = ""
    kms_keys: Sequence[str] = ()
    service_keys: Sequence[str] = ()
    subnet_groups: Sequence[str] = ()
    cluster_parameter_groups: Sequence[str] = ()
    parameter_groups: Sequence[str] = ()
    monitoring_roles: Sequence[str] = ("rds-monitoring*",)
    cluster_roles: Sequence[str] = ()
    principals: Sequence[str] = ()
    untagged_target: bool = False
    cloudwatch: bool = False
    log_group_prefix: str = "/aurora-restore"
    metric_namespace: str = "AuroraRestore"
    prefix: str = "aurora-restore"

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Settings:
        """From a dict of the fields; None and empty text mean the default.

        :raises ValueError: a field is unknown, missing, or is no name.
        """
        known = {item.name: item for item in fields(cls)}
        unknown = sorted(values.keys() - known.keys())
        if unknown:
            raise ValueError(f"There is no setting {', '.join(unknown)}: there are {', '.join(known)}.")
        given = {
            name: _value(name, str(known[name].type), value)
            for name, value in values.items()
            if value is not None and value != "" and value != []
        }
        # As RDS has them, whatever the spelling.
        given |= {name: given[name].lower() for name in ("source_cluster_id", "target_cluster_id") if name in given}
        missing = [name for name, item in known.items() if item.default is MISSING and name not in given]
        if missing:
            raise ValueError(f"A policy needs {', '.join(missing)}.")
        partitions = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
        begin = str(given["target_region"]).rpartition("-")[0].rpartition("-")[0]
        given.setdefault("partition", partitions.get(begin, "aws"))
        made = cls(**given)
        made._check()
        return made

    def _check(self) -> None:
        if not ACCOUNT.fullmatch(self.account):
            raise ValueError(f"{self.account!r} is no account: it has 12 digits.")
        for region in (self.source_region, self.target_region):
            if not REGION.fullmatch(region):
                raise ValueError(f"{region!r} is no region.")
        for item in fields(self):
            value = getattr(self, item.name)
            open_ended = item.name in OPEN_ENDED
            for text in [value] if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []:
                if NO_NAME.search(text.removesuffix("*") if open_ended else text):
                    raise ValueError(f"{item.name}: {text!r} is no name for a policy.")
        for name in ("kms_keys", "service_keys"):
            for key in getattr(self, name):
                if not re.fullmatch(r"arn:[^:]+:kms:[^:]+:\d{12}:key/.+", key):
                    raise ValueError(f"{name}: {key!r} is not the ARN of a key; policies don't know aliases.")

    # ARNs

    def arn(self, service: str, region: str, name: str, kind: str = "") -> str:
        """The ARN of that name; an ARN stays as it is.

        :param kind: what comes before the name, such as ``cluster:``.
        """
        if name.startswith("arn:"):
            return name
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{kind}{name}"

    def target(self, kind: str, *names: str) -> list[str]:
        """RDS resources of the target's region."""
        return [self.arn("rds", self.target_region, name, f"{kind}:") for name in names]

    def source(self, kind: str, *names: str) -> list[str]:
        """RDS resources of the source's region."""
        return [self.arn("rds", self.source_region, name, f"{kind}:") for name in names]

    def roles(self, names: Iterable[str]) -> list[str]:
        return [self.arn("iam", "", name, "role/") for name in names]

    @property
    def cluster(self) -> list[str]:
        return self.target("cluster", self.target_cluster_id)

    @property
    def copies(self) -> list[str]:
        """What the run copies, by the names that it gives (``_rds.naming``)."""
        return self.target("cluster-snapshot", f"{beginning(self.source_cluster_id, COPY_END)}-*")

    @property
    def finals(self) -> list[str]:
        return self.target("cluster-snapshot", f"{beginning(self.target_cluster_id, FINAL_END)}-final-*")

    @property
    def made_members(self) -> list[str]:
        begin = beginning(self.target_cluster_id, MEMBER_END)
        return self.target("db", f"{begin}-*" if begin == self.target_cluster_id else f"{begin}*")

    @property
    def secret_arns(self) -> list[str]:
        """Secrets Manager adds a hyphen and six characters to the names that it is given."""
        return [
            item if item.startswith("arn:") else self.arn("secretsmanager", self.target_region, f"secret:{item}-??????")
            for item in self.secrets
        ]

    @property
    def table(self) -> list[str]:
        return [self.arn("dynamodb", self.target_region, f"table/{self.state_table}")]

    @property
    def log_groups(self) -> list[str]:
        return [self.arn("logs", self.target_region, f"log-group:{self.log_group_prefix}/{step}") for step in STEPS]

    def keys(self, *regions: str) -> list[str]:
        """Of clusters and snapshots: those that are named, and all keys of a region of which none is."""
        found: list[str] = []
        for region in dict.fromkeys(regions):
            named = [key for key in (*self.kms_keys, *self._own_key()) if key.split(":")[3] == region]
            found += named or [self.arn("kms", region, "key/*")]
        return list(dict.fromkeys(found))

    def _own_key(self) -> list[str]:
        """The target's. In one region with the source it does not say which key the source has."""
        if not self.kms_key_id or "alias/" in self.kms_key_id or self.source_region == self.target_region:
            return []
        return [self.arn("kms", self.target_region, self.kms_key_id, "key/")]


def beginning(cluster_id: str, end: int) -> str:
    """How an id begins that is made of a cluster's and of so many characters: with as much of it as has room."""
    return cluster_id[: LONGEST - end - 1].rstrip("-")


def _value(name: str, kind: str, value: Any) -> Any:
    if kind == "bool":
        if not isinstance(value, bool):
            raise ValueError(f"{name} is true or false.")
        return value
    if not kind.startswith("Sequence"):
        return str(value)
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        raise ValueError(f"{name} is a list.")
    return tuple(dict.fromkeys(str(item) for item in value if item))
