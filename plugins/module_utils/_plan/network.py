# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a database would be open to the internet: by its security groups, by the routes of its subnets. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Boto = Mapping[str, Any]

DEFAULT_PORT = 5432
TCP = ("tcp", "6")
ALL_PROTOCOLS = "-1"
# So few bits are no network of anybody's: 0.0.0.0/0 can also be written as two halves. The shortest private one has 7.
SHORTEST_PREFIX = 7
INTERNET_GATEWAY = "igw-"


@dataclass(frozen=True)
class Opening:
    """A rule that lets the whole internet, or a part of it that nobody owns, reach the port."""

    group: str
    cidr: str
    ports: str


@dataclass(frozen=True)
class PublicSubnet:
    """A subnet whose route table has a route to an internet gateway."""

    subnet: str
    table: str
    gateway: str


def openings(group: Boto, port: int) -> list[Opening]:
    """The rules of a security group that open the port to the internet."""
    group_id = str(group.get("GroupId"))
    return [
        Opening(group_id, cidr, _ports(rule))
        for rule in _rules(group, port)
        for cidr in _cidrs(rule)
        if _is_internet(cidr)
    ]


def prefix_lists(group: Boto, port: int) -> list[str]:
    """The prefix lists that may reach the port; what is in them is not in the answer."""
    found = {str(item["PrefixListId"]) for rule in _rules(group, port) for item in rule.get("PrefixListIds") or []}
    return sorted(found)


def public_subnets(subnet_ids: Sequence[str], tables: Sequence[Boto]) -> list[PublicSubnet]:
    """Which of a VPC's subnets have a route to an internet gateway; tables are the VPC's."""
    found = []
    for subnet_id in subnet_ids:
        table = table_of(subnet_id, tables)
        gateway = _gateway(table) if table else None
        if table and gateway:
            found.append(PublicSubnet(subnet_id, str(table.get("RouteTableId")), gateway))
    return found


def table_of(subnet_id: str, tables: Sequence[Boto]) -> Boto | None:
    """The route table that a subnet uses: its own, else the main one of the VPC."""
    main = None
    for table in tables:
        for association in table.get("Associations") or []:
            if association.get("SubnetId") == subnet_id:
                return table
            if association.get("Main"):
                main = table
    return main


def subnet_ids(subnet_group: Boto) -> list[str]:
    """The subnets of a DB subnet group."""
    found = [subnet.get("SubnetIdentifier") for subnet in subnet_group.get("Subnets") or []]
    return sorted(str(item) for item in found if item)


def _rules(group: Boto, port: int) -> Iterator[Boto]:
    """The ingress rules that are about the port."""
    for rule in group.get("IpPermissions") or []:
        protocol = str(rule.get("IpProtocol", "")).lower()
        if protocol == ALL_PROTOCOLS:
            yield rule
        elif protocol in TCP:
            first, last = int(rule.get("FromPort", -1)), int(rule.get("ToPort", -1))
            if first == -1 or first <= port <= last:
                yield rule


def _cidrs(rule: Boto) -> list[str]:
    four = [str(item["CidrIp"]) for item in rule.get("IpRanges") or [] if item.get("CidrIp")]
    return four + [str(item["CidrIpv6"]) for item in rule.get("Ipv6Ranges") or [] if item.get("CidrIpv6")]


def _is_internet(cidr: str) -> bool:
    try:
        return ipaddress.ip_network(cidr, strict=False).prefixlen < SHORTEST_PREFIX
    except ValueError:
        return False


def _ports(rule: Boto) -> str:
    if str(rule.get("IpProtocol")) == ALL_PROTOCOLS or rule.get("FromPort", -1) == -1:
        return "all ports"
    first, last = rule["FromPort"], rule["ToPort"]
    return f"port {first}" if first == last else f"ports {first}-{last}"


def _gateway(table: Boto) -> str | None:
    """The internet gateway that a table has a route to. An egress-only one (eigw-) lets nobody in."""
    gateways = (str(route.get("GatewayId") or "") for route in table.get("Routes") or [])
    return next((gateway for gateway in gateways if gateway.startswith(INTERNET_GATEWAY)), None)
