# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What opens a database to the internet: rules of security groups, routes of subnets; and how the checks say it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.dbops.aurora_restore.plugins.module_utils._errors import Denied
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan import checks, network
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.case import Case
from ansible_collections.dbops.aurora_restore.plugins.module_utils._plan.world import DatabaseHost, Fact
from plan_world import case, problems


def rule(protocol: str = "tcp", first: int | None = 5432, last: int | None = 5432, **more: Any) -> dict[str, Any]:
    ports = {} if first is None else {"FromPort": first, "ToPort": last}
    return {"IpProtocol": protocol, **ports, **more}


def four(*cidrs: str) -> dict[str, Any]:
    return {"IpRanges": [{"CidrIp": cidr} for cidr in cidrs]}


def six(*cidrs: str) -> dict[str, Any]:
    return {"Ipv6Ranges": [{"CidrIpv6": cidr} for cidr in cidrs]}


# rule to what it opens port 5432 to
RULES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (rule(**four("0.0.0.0/0")), [("0.0.0.0/0", "port 5432")]),
    (rule(**six("::/0")), [("::/0", "port 5432")]),
    (rule("6", 0, 65535, **four("0.0.0.0/0")), [("0.0.0.0/0", "ports 0-65535")]),
    (rule("tcp", 5000, 5432, **four("0.0.0.0/0")), [("0.0.0.0/0", "ports 5000-5432")]),
    (rule("-1", None, **four("0.0.0.0/0"), **six("::/0")), [("0.0.0.0/0", "all ports"), ("::/0", "all ports")]),
    (rule("-1", -1, -1, **four("0.0.0.0/0")), [("0.0.0.0/0", "all ports")]),
    (rule(**four("0.0.0.0/1", "128.0.0.0/1")), [("0.0.0.0/1", "port 5432"), ("128.0.0.0/1", "port 5432")]),
    (rule("tcp", 5433, 65535, **four("0.0.0.0/0")), []),
    (rule("tcp", 443, 443, **four("0.0.0.0/0")), []),
    (rule("udp", 5432, 5432, **four("0.0.0.0/0")), []),
    (rule("icmp", -1, -1, **four("0.0.0.0/0")), []),
    (rule(**four("10.0.0.0/8", "198.51.100.7/32"), **six("fc00::/7")), []),
    (rule(UserIdGroupPairs=[{"GroupId": "sg-other"}]), []),
    (rule(**four("no network")), []),
]


@pytest.mark.parametrize("number", range(len(RULES)))
def test_openings(number: int) -> None:
    given, wanted = RULES[number]
    found = network.openings({"GroupId": "sg-1", "IpPermissions": [given]}, 5432)
    assert [(item.cidr, item.ports) for item in found] == wanted


def test_prefix_lists_of_the_port_only() -> None:
    listed = {"PrefixListIds": [{"PrefixListId": "pl-1"}]}
    group = {
        "GroupId": "sg-1",
        "IpPermissions": [rule(**listed), rule("tcp", 22, 22, PrefixListIds=[{"PrefixListId": "pl-2"}])],
    }
    assert network.prefix_lists(group, 5432) == ["pl-1"]


def table(name: str, *gateways: str, subnets: tuple[str, ...] = (), main: bool = False) -> dict[str, Any]:
    associations: list[dict[str, Any]] = [{"SubnetId": item, "Main": False} for item in subnets]
    return {
        "RouteTableId": name,
        "Associations": associations + ([{"Main": True}] if main else []),
        "Routes": [{"GatewayId": item} for item in ("local", *gateways)] + [{"NatGatewayId": "nat-1"}],
    }


def test_a_subnet_without_a_table_of_its_own_has_the_main_one() -> None:
    tables = [table("rtb-private", subnets=("subnet-a",)), table("rtb-main", "igw-1", main=True)]
    assert network.public_subnets(["subnet-a", "subnet-b"], tables) == [
        network.PublicSubnet("subnet-b", "rtb-main", "igw-1")
    ]
    assert network.table_of("subnet-a", []) is None


def test_an_egress_only_gateway_lets_nobody_in() -> None:
    assert network.public_subnets(["subnet-a"], [table("rtb-main", "eigw-1", "vgw-1", main=True)]) == []


GROUPS = Fact[Any]([
    {"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissions": [rule("tcp", 5433, 5433, **four("0.0.0.0/0"))]},
    {"GroupId": "sg-2", "VpcId": "vpc-1"},
])  # fmt: skip
PUBLIC = Fact[Any]([table("rtb-main", "igw-1", main=True)])


def status(of: Case, name: str) -> dict[str, Any]:
    (found,) = [item for item in checks.run_checks(of) if item["name"] == name]
    return found


def test_an_open_group_is_refused_unless_it_is_named() -> None:
    (sentence,) = problems(case(security_groups=GROUPS), "isolation")
    # The target listens on 5433.
    for piece in ("sg-1", "port 5433", "0.0.0.0/0", "aurora_restore_public_security_groups"):
        assert piece in sentence
    named = case({"public_security_groups": ["sg-1"]}, security_groups=GROUPS)
    assert status(named, "isolation")["seen"] == "private, but for what is allowed: sg-1"
    other_port = case({"overrides": {"port": 5432}}, security_groups=GROUPS)
    assert problems(other_port, "isolation") == []


def test_a_prefix_list_is_unknown_and_does_not_block() -> None:
    group = {"GroupId": "sg-1", "IpPermissions": [rule("-1", None, PrefixListIds=[{"PrefixListId": "pl-1"}])]}
    found = status(case(security_groups=Fact([group])), "isolation")
    assert (found["status"], found["blocks"]) == ("unknown", False)
    assert "pl-1" in found["message"]


def test_public_subnets_are_refused_unless_their_group_is_named() -> None:
    sentences = problems(case(route_tables=PUBLIC), "isolation")
    assert len(sentences) == 2
    for piece in ("subnet-a", "shop-staging", "rtb-main", "igw-1", "aurora_restore_public_subnet_groups"):
        assert piece in sentences[0]
    named = case({"public_subnet_groups": ["shop-staging"]}, route_tables=Fact(asked=False))
    assert status(named, "isolation")["status"] == "passed"


def test_routes_that_may_not_be_read_are_unknown() -> None:
    denied = Fact[Any](error=Denied("DescribeRouteTables failed: UnauthorizedOperation: no", hint="Ask."))
    found = status(case(route_tables=denied), "isolation")
    assert (found["status"], found["blocks"]) == ("unknown", False)
    assert "DescribeRouteTables" in found["message"]
    assert status(case(route_tables=Fact([])), "isolation")["status"] == "unknown"


def test_the_host_of_the_database_steps() -> None:
    def host(**more: Any) -> Case:
        return case({"db_host": DatabaseHost("bastion", **more)}, database=Fact(asked=False))

    assert "reachable from bastion" in status(host(tried=True), "database")["seen"]
    assert status(host(), "database")["status"] == "unknown"
    broken = status(host(problems=["Host bastion has no psycopg2: install it."]), "database")
    assert broken["blocks"] and broken["variable"] == "aurora_restore_db_host"
    away = status(host(tried=True, unreached="timed out"), "database")
    assert away["blocks"] and "can't be reached from bastion: timed out" in away["message"]
    moved = case(
        {"db_host": DatabaseHost("bastion", tried=True, unreached="timed out"), "overrides": {"port": 1}},
        database=Fact(asked=False),
    )
    assert status(moved, "database")["blocks"] is False
