# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, passwords, durations, pages, versions."""

from __future__ import annotations

import pytest
from moto.core.exceptions import ServiceException
from sandbox.durations import Durations
from sandbox.errors import SandboxError
from sandbox.rds import paging, rules
from sandbox.rds.engines import Engines
from sandbox.world.surroundings import make_password


@pytest.mark.parametrize("name", ["a", "shop-staging", "A1-b2", "x" * 63])
def test_good_names_become_lower_case(name: str) -> None:
    assert rules.check_name(name, "X") == name.lower()


@pytest.mark.parametrize("name", ["", "1a", "-a", "a-", "a--b", "a_b", "rds:a", "x" * 64, "a\n"])
def test_bad_names(name: str) -> None:
    with pytest.raises(ServiceException, match=r"InvalidParameterValue.*DBClusterIdentifier"):
        rules.check_name(name, "DBClusterIdentifier")


@pytest.mark.parametrize(
    "password",
    ["", "short12", "x" * 42, "with/slash1", 'with"quote', "with@sign12", "with space1", "it's12345", "ümlaut12"],
)
def test_master_passwords_that_either_document_forbids(password: str) -> None:
    with pytest.raises(ServiceException, match="InvalidParameterValue"):
        rules.check_master_password(password)


def test_seeded_passwords_are_allowed_and_differ() -> None:
    made = {make_password() for _number in range(50)}
    assert len(made) == 50
    for password in made:
        rules.check_master_password(password)
        assert len(password) >= 20 and not password.isalnum()


@pytest.mark.parametrize("key", ["aws:x", "AWS:x", "rds:x", "", "x" * 129])
def test_tags_that_are_refused(key: str) -> None:
    with pytest.raises(ServiceException, match="InvalidParameterValue"):
        rules.check_tags([{"Key": key, "Value": "v"}])


def test_durations() -> None:
    assert Durations.parse("") == Durations()
    parsed = Durations.parse("snapshot_copy=0.5, cluster_delete=0")
    assert (parsed.snapshot_copy, parsed.cluster_delete, parsed.instance_create) == (0.5, 0.0, 3.0)


@pytest.mark.parametrize("text", ["copy=1", "snapshot_copy", "snapshot_copy=", "snapshot_copy=-1", "snapshot_copy=nan"])
def test_bad_durations_are_told_in_a_sentence(text: str) -> None:
    with pytest.raises(SandboxError) as caught:
        Durations.parse(text)
    assert str(caught.value).endswith(".")


def test_pages() -> None:
    items = list(range(45))
    first, marker = paging.page(items, {"max_records": 20})
    second, marker2 = paging.page(items, {"max_records": 20, "marker": marker})
    third, end = paging.page(items, {"max_records": 20, "marker": marker2})
    assert [*first, *second, *third] == items and end is None


@pytest.mark.parametrize("wrong", [{"max_records": 19}, {"max_records": 101}, {"marker": "nonsense!"}])
def test_bad_pages(wrong: dict[str, object]) -> None:
    with pytest.raises(ServiceException, match="InvalidParameterValue"):
        paging.page([], wrong)


@pytest.mark.parametrize("major", [15, 16, 17, 18, 19])
def test_the_default_version_is_newer_than_the_seeded_one(major: int) -> None:
    engines = Engines(major)
    assert engines.default.split(".")[0] == engines.seeded.split(".")[0] == str(major)
    assert engines.default != engines.seeded
    engines.check_restore(engines.seeded, engines.default)
    with pytest.raises(ServiceException, match="upgrade path"):
        engines.check_restore(engines.default, engines.seeded)


def test_versions_and_classes_that_are_not_offered() -> None:
    engines = Engines(17)
    assert engines.check("17") == engines.default
    with pytest.raises(ServiceException, match="InvalidParameterCombination"):
        engines.check("12.7")
    with pytest.raises(ServiceException, match=r"db\.z9\.huge"):
        engines.check_class("db.z9.huge", "17.5")
    assert engines.describe_options("us-west-2", "17.5", "db.z9.huge") == []
    assert engines.describe_options("us-west-2", "12.7", None) == []
