# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request refers to: keys, networks, parameter groups. Each must exist, and fit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends

from sandbox.rds.engines import family_of
from sandbox.rds.errors import RdsError, invalid_combination, invalid_value, key_not_accessible

KEY_ARN = re.compile(r"arn:[^:]+:kms:([^:]+):([^:]+):(.+)\Z")


def usable_key(account: str, region: str, key_id: str, what: str = "Specified KMS key") -> str:
    """The ARN of a key given as id, ARN or alias; it must be an enabled, symmetric one of that region."""
    found = KEY_ARN.match(key_id)
    if found:
        if found[1] != region:
            raise key_not_accessible(what, key_id)
        account, name = found[2], found[3]
        name = name.removeprefix("key/")
    else:
        name = key_id
    kms = kms_backends[account][region]
    try:
        key = kms.describe_key(name)
    except Exception as error:  # moto raises KeyError, or an error of KMS's own
        raise key_not_accessible(what, key_id) from error
    if key.key_state != "Enabled" or key.key_spec != "SYMMETRIC_DEFAULT" or key.key_usage != "ENCRYPT_DECRYPT":
        raise key_not_accessible(what, key_id)
    return str(key.arn)


def subnet_group(backend: Any, name: str) -> Any:
    """The subnet group of that name; for ``default``, none: the default VPC's."""
    if name == "default":
        return backend.subnet_groups.get(name)
    if name not in backend.subnet_groups:
        raise RdsError("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.")
    group = backend.subnet_groups[name]
    if len({subnet["SubnetAvailabilityZone"]["Name"] for subnet in group.subnets}) < 2:
        raise RdsError(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets in at least 2 "
            "AZs.",
        )
    return group


def vpc_of(backend: Any, group: Any) -> str:
    """The VPC of a subnet group, or the default VPC."""
    return str(group.vpc_id) if group is not None else str(ec2(backend).default_vpc.id)


def zones_of(backend: Any, group: Any) -> list[str]:
    """Three zones of the region, those of the subnet group first."""
    own = [str(subnet["SubnetAvailabilityZone"]["Name"]) for subnet in group.subnets] if group is not None else []
    zones = list(dict.fromkeys(own + [f"{backend.region_name}{letter}" for letter in "abc"]))
    return sorted(zones[:3])


def security_groups(backend: Any, ids: Sequence[str] | None, vpc_id: str) -> list[str]:
    """The security groups, which must be of that VPC; left out, the VPC's default one."""
    if not ids:
        default = ec2(backend).get_default_security_group(vpc_id)
        return [str(default.id)] if default else []
    for group_id in ids:
        group = ec2(backend).get_security_group_from_id(group_id)
        if group is None:
            raise invalid_value(f"Invalid security group , groupId= {group_id}, groupName=.")
        if group.vpc_id != vpc_id:
            raise invalid_combination(
                "The DB instance and EC2 security group are in different VPCs. The DB instance is in "
                f"{vpc_id} and the EC2 security group is in {group.vpc_id}"
            )
    return list(ids)


def cluster_parameter_group(backend: Any, name: str | None, version: str) -> str:
    """The cluster parameter group; left out, the default one of the version."""
    family = family_of(version)
    if not name or name == f"default.{family}":
        return f"default.{family}"
    if name not in backend.db_cluster_parameter_groups:
        raise RdsError("DBClusterParameterGroupNotFound", f"DBClusterParameterGroup not found: {name}")
    _check_family(name, backend.db_cluster_parameter_groups[name].db_parameter_group_family, family)
    return name


def parameter_group(backend: Any, name: str | None, version: str) -> str | None:
    """The instance parameter group, or None for the default one of the version."""
    if not name or name == f"default.{family_of(version)}":
        return None
    if name not in backend.db_parameter_groups:
        raise RdsError("DBParameterGroupNotFound", f"DBParameterGroup not found: {name}")
    _check_family(name, backend.db_parameter_groups[name].family, family_of(version))
    return name


def _check_family(name: str, have: str, wanted: str) -> None:
    if wanted and have != wanted:
        raise invalid_combination(
            f"The Parameter Group {name} with DBParameterGroupFamily {have} cannot be used for this instance. "
            f"Please use a Parameter Group with DBParameterGroupFamily {wanted}"
        )


def zone(backend: Any, name: str | None) -> str | None:
    """An availability zone of the region."""
    if name and name not in [f"{backend.region_name}{letter}" for letter in "abcdef"]:
        raise invalid_value(f"Invalid availability zone: {name}")
    return name


def ec2(backend: Any) -> Any:
    return ec2_backends[backend.account_id][backend.region_name]
