# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenario files: what they may say, and the one sentence on what is wrong with them."""

from __future__ import annotations

import errno
import json
import os
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from sandbox.dataplane import DataPlaneError
from sandbox.durations import ALL, Durations
from sandbox.errors import SandboxError, in_words, is_disk_full
from sandbox.scenario import Scenario, load
from sandbox.scenario.worlds import demo, merge
from sandbox.world.clusters import cluster_parameters, instance_parameters
from sandbox.world.made import Made, Place

SHIPPED = Path(__file__).resolve().parents[2] / "sandbox" / "scenarios"
ACCOUNT = "123456789012"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "night.yml"


def told(file: Path, text: str) -> str:
    """What is said of such a file."""
    file.write_text(text)
    with pytest.raises(SandboxError) as caught:
        load(file)
    sentence = str(caught.value)
    assert sentence.startswith(str(file)) and sentence.endswith(".") and "\n" not in sentence
    return sentence.removeprefix(str(file))


# ---- what it may say


def test_nothing_is_the_demo(file: Path) -> None:
    file.write_text("# nothing\n")
    assert load(file) == load(None) == Scenario()
    assert list(load(None).world.accounts) == [ACCOUNT]


@pytest.mark.parametrize("name", sorted(path.name for path in SHIPPED.glob("*.yml")))
def test_the_shipped_scenarios_fit(name: str) -> None:
    assert load(SHIPPED / name) != Scenario()


def test_everything_at_once(file: Path) -> None:
    file.write_text(
        "seed: 7\ndurations: {snapshot_copy: 30, dns: [1, 2.5]}\nlimits: {manual_snapshots: 3}\niam: true\n"
        "faults:\n- {name: slow, service: rds, delay_seconds: 1}\n- {action: Publish, drop: true}\n"
    )
    scenario = load(file)
    assert (scenario.seed, scenario.limits.manual_snapshots, scenario.iam) == (7, 3, True)
    assert scenario.durations.snapshot_copy == 30.0
    assert 1 <= scenario.durations.dns <= 2.5
    assert [fault.name for fault in scenario.faults] == ["slow", "fault-2"]


def test_the_demo_passes_its_own_check(file: Path) -> None:
    """It is not checked when a sandbox starts."""
    file.write_text("world: {extends: demo}\n")
    assert load(file).world == demo()


# ---- durations


def test_draws_are_the_same_for_the_same_seed_whatever_else_happens() -> None:
    given = {"snapshot_copy": [1, 9], "modify_lag": [0, 5]}
    one, other = Durations.of(given, 3), Durations.of(given, 3)
    alone = [one.snapshot_copy for _draw in range(5)]
    between = []
    for _draw in range(5):
        between.append(other.snapshot_copy)
        assert 0 <= other.modify_lag <= 5
    assert alone == between
    assert len(set(alone)) == 5 and all(1 <= value <= 9 for value in alone)
    assert Durations.of(given, 4).snapshot_copy != alone[0]


def test_the_command_line_has_the_last_word() -> None:
    durations = Durations.of({"snapshot_copy": 30, "dns": 9}, 1).overridden("snapshot_copy=2, cluster_delete=1..3")
    assert (durations.snapshot_copy, durations.dns) == (2.0, 9.0)
    assert durations.range_of("cluster_delete") == (1.0, 3.0)


def test_all_durations_have_names_that_the_documentation_lists() -> None:
    text = (SHIPPED.parents[2] / "docs" / "docsite" / "rst" / "sandbox_scenarios.rst").read_text()
    assert [name for name in ALL if f"``{name}``" not in text] == []


# ---- what is wrong with it


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("duration: {}", ": there is no key duration (did you mean durations?)."),
        ("durations: {snapshot_cpy: 1}", ": durations: there is no key snapshot_cpy (did you mean snapshot_copy?)."),
        ("durations: {dns: -1}", ": durations.dns: must be at least 0, not -1."),
        ("durations: {dns: 1000000}", ": durations.dns: must be at most 86400"),
        ("durations: {dns: .nan}", "dns must be between 0 and 86400 seconds, not nan."),
        ("durations: {dns: [3, 1]}", "the lowest and the highest of two."),
        ("durations: {dns: [1, 2, 3]}", ": durations.dns: must have at most 2 entries, not 3."),
        ("durations: {dns: soon}", ": durations.dns: must be a number of seconds, or [lowest, highest], not 'soon'."),
        ("limits: {manual_snapshot: 1}", "no limit manual_snapshot"),
        ("limits: {clusters: -1}", "limits.clusters"),
        ("iam: perhaps", ": iam: must be true or false, not 'perhaps'."),
        ("seed: 1.5", ": seed: must be a whole number, not 1.5."),
        ("faults: {}", ": faults: must be a list, not an empty mapping."),
        ("faults: [{acton: Copy*, drop: true}]", ": faults[0]: there is no key acton (did you mean action?)."),
        ("faults: [{drop: true}, {action: CopyDBClusterSnapshots, drop: true}]", "faults[1]: there is no action"),
        ("a: b: c", " is not valid YAML: line 1, column 5:"),
        ("seed: 1\nseed: 2", " is not valid YAML: line 2, column 1: the key seed is given twice."),
        ("- seed", " must hold a mapping of keys, not list."),
        ("world: {extends: dmeo}", "neither a world dmeo nor a file"),
        ("world: {}\nfaults: 3", ": faults: must be a list, not 3."),
    ],
)
def test_told_in_a_sentence(file: Path, text: str, says: str) -> None:
    assert says in told(file, text)


REGION = 'world: {accounts: {"123456789012": {regions: {us-east-1: %s}}}}'
AT = ": world.accounts.123456789012.regions.us-east-1."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("clusters: {c: {master_username: m, engine_version: 16.1}}", "engine_version: must be a text, not 16.1."),
        ("clusters: {c: {master_usrname: m}}", "clusters.c: there is no key master_usrname (did you mean master_user"),
        ("clusters: {c: {}}", "clusters.c: the key master_username is missing."),
        ("clusters: {c: {master_username: m, data: {sql: [none.sql]}}}", "clusters.c.data.sql: there is no file"),
        ("clusters: {c: {master_username: m, data: {rows: 0}}}", "clusters.c.data.rows: must be at least 1, not 0."),
        ("clusters: {c: {master_username: m, master_password: {secrt: s}}}", "must be a text, {generate: password}"),
        ("clusters: {c: {master_username: m, engine: mysql}}", "engine: must be one of aurora-postgresql, not 'mysql'"),
        ("keys: {k: {policy: none.json}}", "keys.k.policy: there is no file"),
        (
            "networks: {n: {cidr: 10.0.0.0/16, subnets: {z: 10.0.0.0/24}}}",
            "n.subnets: must be the letter of a",
        ),
        ("tables: {t: {sort_key: s}}", "tables.t: the key partition_key is missing."),
        ("copies: {c: {source: shop}}", "copies.c.source: must be region/snapshot, or account/region/snapshot"),
    ],
)
def test_a_wrong_world_is_told_with_its_place(file: Path, text: str, says: str) -> None:
    sentence = told(file, REGION % f"{{{text}}}")
    assert sentence.startswith(AT) and says in sentence


def test_accounts_and_regions_must_be_some(file: Path) -> None:
    assert "must be the 12 digits of an account" in told(file, "world: {accounts: {42: {}}}")
    unknown = told(file, REGION.replace("us-east-1", "us-est-1") % "{}")
    assert "there is no region us-est-1 (did you mean us-" in unknown
    assert "there must be an account" in told(file, "world: {accounts: {}}")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"^There is no file .*/none\.yml\.$"):
        load(tmp_path / "none.yml")
    with pytest.raises(SandboxError, match="can't be read"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_policy_file_must_be_a_policy(file: Path, text: str) -> None:
    file.with_name("policy.json").write_text(text)
    says = told(file, f'world: {{accounts: {{"{ACCOUNT}": {{users: {{u: {{policies: [policy.json]}}}}}}}}}}')
    assert "users.u.policies[0]" in says and "policy.json" in says


# ---- the world


OVERLAY = """
world:
  extends: demo
  accounts:
    "123456789012":
      regions:
        us-west-2:
          clusters:
            legacy-reporting: null
            shop-staging:
              deletion_protection: true
              tags: {owner: me, cost-center: null}
              data: {sql: more.sql}
    "210987654321": {regions: {eu-west-1: {keys: {dr: {}}}}}
"""


def test_extending_merges_by_name_and_null_removes(file: Path) -> None:
    file.with_name("more.sql").write_text("SELECT 1")
    file.write_text(OVERLAY)
    accounts = load(file).world.accounts
    before = demo().accounts[ACCOUNT]["regions"]["us-west-2"]
    region = accounts[ACCOUNT]["regions"]["us-west-2"]
    assert list(region["clusters"]) == ["shop-staging"]
    staging, was = region["clusters"]["shop-staging"], before["clusters"]["shop-staging"]
    assert staging["tags"] == {**{k: v for k, v in was["tags"].items() if k != "cost-center"}, "owner": "me"}
    assert staging["data"]["sql"] == [str(file.with_name("more.sql"))]
    changed = {"deletion_protection", "tags", "data"}
    assert {k: v for k, v in staging.items() if k not in changed} == {k: v for k, v in was.items() if k not in changed}
    assert region["secrets"] == before["secrets"]
    assert accounts["210987654321"]["regions"]["eu-west-1"]["keys"] == {"dr": {}}


def test_a_world_of_ones_own_replaces_the_demo_and_can_be_extended(file: Path) -> None:
    base = file.with_name("base.yml")
    base.write_text('accounts: {"210987654321": {regions: {eu-west-1: {tables: {t: {partition_key: id}}}}}}\n')
    file.write_text("world: {extends: base.yml, public: {table: {made: eu-west-1/tables/t}}}\n")
    world = load(file).world
    assert list(world.accounts) == ["210987654321"]
    assert (world.main_account, world.default_region) == ("210987654321", "eu-west-1")
    base.write_text("extends: base.yml\n")
    with pytest.raises(SandboxError, match="extends itself"):
        load(file)


@pytest.mark.parametrize(
    ("base", "changes", "merged"),
    [
        ({"a": 1, "b": 2}, {"b": 3}, {"a": 1, "b": 3}),
        ({"a": {"x": 1}}, {"a": {"y": 2}}, {"a": {"x": 1, "y": 2}}),
        ({"a": {"x": 1}}, {"a": None}, {}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": {"x": {"y": None, "z": 1}}}, {"a": {"x": {"z": 1}}}),
    ],
)
def test_merging(base: dict[str, Any], changes: dict[str, Any], merged: dict[str, Any]) -> None:
    assert merge(base, changes) == merged


def test_parameters_are_what_the_api_takes() -> None:
    """Every name exists in botocore's model of the call."""
    import botocore.session

    model = botocore.session.get_session().get_service_model("rds")
    place, made = Place(ACCOUNT, "us-west-2"), Made()
    made.add(place, "security_groups", "db", "sg-1")
    made.add(ACCOUNT, "roles", "rds-monitoring", "arn:monitoring")
    for name, content in demo().accounts[ACCOUNT]["regions"]["us-west-2"]["clusters"].items():
        content = {**content, "vpc_security_group_ids": ["db", "sg-other"]}
        made.secrets[f"{place}/shop/staging/master"] = {"password": "from-the-secret"}
        cluster = cluster_parameters(place, made, name, content, "17.5")
        assert set(cluster) <= set(model.operation_model("CreateDBCluster").input_shape.members)
        assert cluster["VpcSecurityGroupIds"] == ["sg-1", "sg-other"]
        if name == "shop-staging":
            assert cluster["MasterUserPassword"] == "from-the-secret"
            assert {"Key": "aurora-restore:target", "Value": "true"} in cluster["Tags"]
        for member, wanted in content["instances"].items():
            instance = instance_parameters(place, made, name, member, wanted)
            assert set(instance) <= set(model.operation_model("CreateDBInstance").input_shape.members)
            assert instance.get("MonitoringRoleArn") in (None, "arn:monitoring")


def test_passwords_come_from_where_they_should() -> None:
    place, made = Place(ACCOUNT, "us-west-2"), Made()
    made.secrets[f"{place}/s"] = {"password": "one", "other": "two", "number": 3}
    made.secrets[f"{place}/plain"] = "three"
    assert made.password(place, "four") == "four"
    assert made.password(place, {"secret": "s"}) == "one"
    assert made.password(place, {"secret": "s", "key": "other"}) == "two"
    assert made.password(place, {"secret": "plain"}) == "three"
    assert made.password(place, None) != made.password(place, {"generate": "password"})
    for wrong in ({"secret": "none"}, {"secret": "s", "key": "number"}):
        with pytest.raises(SandboxError, match="there is no password"):
            made.password(place, wrong)


def test_public_names_what_was_made() -> None:
    made = Made()
    made.add(Place(ACCOUNT, "us-west-2"), "topics", "t", "arn:t")
    wanted = {"topic": {"made": "us-west-2/topics/t"}, "plain": ["x", {"made": f"{ACCOUNT}/us-west-2/topics/t"}]}
    assert made.public(wanted, ACCOUNT) == {"topic": "arn:t", "plain": ["x", "arn:t"]}
    with pytest.raises(SandboxError, match="there is no us-west-2/topics/other"):
        made.public({"made": "us-west-2/topics/other"}, ACCOUNT)
    assert json.dumps(made.public(wanted, ACCOUNT))


# ---- a full disk


def test_a_full_disk_is_recognised_whoever_tells_it() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "file")
    told_by_postgresql = DataPlaneError('initdb failed: initdb: error: could not write "x": No space left on device')
    told_later = DataPlaneError("something failed")
    told_later.__cause__ = full
    assert all(map(is_disk_full, (full, told_by_postgresql, told_later)))
    assert not any(map(is_disk_full, (OSError(errno.EACCES, "denied"), DataPlaneError("a syntax error"), None)))
    assert (in_words(full), in_words(OSError(errno.EACCES, "denied", "x"))) == ("the disk is full", "denied (x)")


def test_the_examples_in_the_documentation_fit(tmp_path: Path) -> None:
    text = (SHIPPED.parents[2] / "docs" / "docsite" / "rst" / "sandbox_scenarios.rst").read_text()
    (tmp_path / "orders-key-policy.json").write_text('{"Statement": []}')
    (tmp_path / "orders-schema.sql").touch()
    examples = re.findall(r"\.\. code-block:: yaml\n\n((?:  .*\n|\n)+)", text)
    for number, example in enumerate(examples):
        path = tmp_path / f"{number}.yml"
        path.write_text(textwrap.dedent(example))
        load(path)
    assert len(examples) >= 3
