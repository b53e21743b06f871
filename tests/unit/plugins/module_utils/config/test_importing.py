# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a config.json of the Lambda pipeline becomes, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.dbops.aurora_restore.plugins.module_utils._config.importing import KEYS, imported

CHECKOUT = Path(__file__).resolve().parents[5]
LEAST = {
    "source_region": "us-east-1", "source_cluster_id": "shop-production",
    "target_region": "us-west-2", "target_cluster_id": "shop-staging",
    "master_credentials_secret_id": "shop/staging/master", "app_credentials_secret_id": "shop/staging/app",
}  # fmt: skip
RESTORE_PARAMS = {
    "db_subnet_group_name": "shop-staging", "vpc_security_group_ids": ["sg-0123456789abcdef0"],
    "deletion_protection": False, "port": 5432, "availability_zones": ["us-west-2a", "us-west-2b"],
    "enable_iam_database_authentication": True, "storage_encrypted": True,
}  # fmt: skip
TOPIC = "arn:aws:sns:us-west-2:123456789012:aurora-restore"
WHOLE = LEAST | {
    "snapshot_prefix": "shop-production", "sns_topic_arn": TOPIC, "restore_params": RESTORE_PARAMS,
    "vpc_config": {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]},
}  # fmt: skip


def read(config: Any) -> Any:
    return imported(config if isinstance(config, str) else json.dumps(config))


def problems(config: Any) -> list[str]:
    with pytest.raises(ValueError) as caught:
        read(config)
    lines = str(caught.value).splitlines()
    return [line.removeprefix("- ") for line in lines[1:]] if len(lines) > 1 else lines


def params(**values: Any) -> dict[str, Any]:
    return LEAST | {"restore_params": values}


def keys_of_notes(config: Any) -> list[str]:
    return [note.key for note in read(config).notes]


def test_a_whole_file() -> None:
    result = read(WHOLE)
    assert result.host == "shop-staging"
    assert result.variables == {
        "aurora_restore_source_region": "us-east-1", "aurora_restore_source_cluster_id": "shop-production",
        "aurora_restore_target_region": "us-west-2", "aurora_restore_target_cluster_id": "shop-staging",
        "aurora_restore_snapshot_prefix": "shop-production",
        "aurora_restore_master_credentials_secret_id": "shop/staging/master",
        "aurora_restore_app_credentials_secret_id": "shop/staging/app", "aurora_restore_sns_topic_arn": TOPIC,
        "aurora_restore_db_subnet_group_name": "shop-staging",
        "aurora_restore_vpc_security_group_ids": ["sg-0123456789abcdef0"], "aurora_restore_deletion_protection": False,
        "aurora_restore_port": 5432, "aurora_restore_availability_zones": ["us-west-2a", "us-west-2b"],
        "aurora_restore_enable_iam_database_authentication": True,
    }  # fmt: skip
    assert [note.key for note in result.notes] == [
        "vpc_config", "restore_params.storage_encrypted", "restore_params.availability_zones",
        "aurora_restore_db_ca_cert",
    ]  # fmt: skip


def test_the_role_takes_what_it_becomes() -> None:
    specs = yaml.safe_load((CHECKOUT / "roles/aurora_restore/meta/argument_specs.yml").read_text())["argument_specs"]
    wanted = {name: dict(option) for name, option in specs["main"]["options"].items()}
    for option in wanted.values():
        option.pop("description")
        option.pop("options", None)
    variables = read(WHOLE).variables
    result = ArgumentSpecValidator(wanted).validate(variables | {"aurora_restore_db_ca_cert": "/ca.pem"})
    assert result.error_messages == []
    assert {name: result.validated_parameters[name] for name in variables} == variables


def test_the_guide_has_the_same_table() -> None:
    guide = (CHECKOUT / "docs/docsite/rst/from_the_lambda_pipeline.rst").read_text()
    rows = dict(re.findall(r"^  \* - ``([a-z_.]+)``\n    - (?:``)?(\w+)", guide, re.MULTILINE))
    expected = {key: found.variable or "none" for key, found in KEYS.items() if key != "restore_params"}
    # What stands for it, though it is no copy of the value.
    assert rows == expected | {"restore_params.storage_encrypted": "aurora_restore_kms_key_id"}


def test_the_least_file() -> None:
    result = read(LEAST)
    assert len(result.variables) == len(LEAST)
    assert [note.key for note in result.notes] == ["sns_topic_arn", "aurora_restore_db_ca_cert"]


@pytest.mark.parametrize("nothing", [None, "", " ", {}, []])
def test_empty_values_are_no_values(nothing: Any) -> None:
    config = LEAST | {
        "snapshot_prefix": nothing if not isinstance(nothing, (dict, list)) else "",
        "restore_params": nothing if nothing != " " and nothing != [] else {},
        "vpc_config": nothing if nothing != " " and nothing != [] else None,
    }
    assert read(config).variables == read(LEAST).variables


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("port", "5432", 5432),
        ("port", " 1150 ", 1150),
        ("port", 65535, 65535),
        ("deletion_protection", "true", True),
        ("deletion_protection", "False", False),
        ("enable_iam_database_authentication", "TRUE", True),
        ("vpc_security_group_ids", "sg-01234567, sg-89abcdef", ["sg-01234567", "sg-89abcdef"]),
        ("availability_zones", ["us-west-2a", "us-west-2-lax-1a"], ["us-west-2a", "us-west-2-lax-1a"]),
        ("db_subnet_group_name", " shop-staging ", "shop-staging"),
    ],
)  # fmt: skip
def test_values_as_people_wrote_them(key: str, value: Any, expected: Any) -> None:
    assert read(params(**{key: value})).variables[f"aurora_restore_{key}"] == expected


def test_ids_are_as_rds_has_them() -> None:
    assert read(LEAST | {"target_cluster_id": "Shop-Staging"}).host == "shop-staging"


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read("\ufeff" + json.dumps(LEAST)).host == "shop-staging"


@pytest.mark.parametrize("key", sorted(LEAST))
def test_each_required_key(key: str) -> None:
    assert problems({name: value for name, value in LEAST.items() if name != key}) == [f"{key} is missing."]
    assert problems(LEAST | {key: ""}) == [f"{key} is missing."]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"source_region": "useast1"}, "source_region is 'useast1', which is no region"),
        ({"target_region": 5}, "target_region is a number: it must be a text."),
        ({"source_cluster_id": "shop--x"}, "source_cluster_id is 'shop--x', which is no cluster id: it must start"),
        ({"snapshot_prefix": "a b"}, "snapshot_prefix does not look like the beginning of a snapshot's id."),
        ({"snapshot_prefix": "{{ x }}"}, "snapshot_prefix does not look like"),
        ({"sns_topic_arn": "aurora-restore"}, "sns_topic_arn does not look like the ARN of an SNS topic."),
        ({"app_credentials_secret_id": "a secret"}, "app_credentials_secret_id does not look like the name or ARN"),
        ({"master_credentials_secret_id": {"password": "hunter2"}}, "master_credentials_secret_id is an object"),
        ({"vpc_config": "vpc-1"}, "vpc_config is a text: it must be an object."),
        ({"restore_params": [1]}, "restore_params is a list: it must be an object."),
        ({"retries": 3}, "retries: a config.json has no such key; correct it or take it out."),
        ({"target_cluster": "x"}, "target_cluster: a config.json has no such key; correct it or take it out. Is it t"),
        ({"port": 5432}, "port: a config.json has no such key; correct it or take it out. Is it restore_params.port?"),
        ({"restore_params": {"prt": 5432}}, "restore_params.prt: restore_params of a config.json has no such key"),
        ({"source_region": "us-west-2", "source_cluster_id": "SHOP-staging"}, "target_cluster_id is the source itself"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(change: dict[str, Any], expected: str) -> None:
    (problem,) = problems(LEAST | change)
    assert problem.startswith(expected)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("port", 80, " must be a whole number from 1150 to 65535."),
        ("port", "5432x", " must be"),
        ("port", True, " must be"),
        ("port", 5432.0, " must be"),
        ("deletion_protection", "maybe", " is a text: it must be"),
        ("storage_encrypted", 1, " is a number: it must be"),
        ("vpc_security_group_ids", ["sg-0123abcd", "x"], "[1] does"),
        ("vpc_security_group_ids", [5], "[0] is a number: it"),
        ("availability_zones", {"a": 1}, " is an object: it must be"),
        ("availability_zones", ["us-east-1a"], " has us-east-1a, which"),
        ("db_subnet_group_name", "a\nb: c", " does not look like"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_restore_params_is_told(key: str, value: Any, expected: str) -> None:
    (problem,) = problems(params(**{key: value}))
    assert problem.startswith(f"restore_params.{key}{expected}")


def test_all_problems_at_once() -> None:
    found = problems({"source_region": "x", "retries": 1, "restore_params": {"port": 1}})
    assert [problem.split(" ")[0].rstrip(":") for problem in found] == [
        "source_region", "retries", "restore_params.port", "source_cluster_id", "target_region", "target_cluster_id",
        "master_credentials_secret_id", "app_credentials_secret_id",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"db_password": "hunter2"}, "db_password"),
        ({"master": {"username": "me", "password": "hunter2"}}, "master.password"),
        ({"vpc_config": {"token": "hunter2"}}, "vpc_config.token"),
        ({"vpc_config": {"x": ["postgres://me:hunter2@db/shop"]}}, "vpc_config.x[0]"),
        ({"access": "AKIAIOSFODNN7EXAMPLE"}, "access"),
        ({"key": "-----BEGIN RSA PRIVATE KEY-----hunter2"}, "key"),
        ({"pin_secret": 4711}, "pin_secret"),
    ],
)
def test_secrets_are_named_by_their_key_only(change: dict[str, Any], where: str) -> None:
    found = problems(LEAST | change)
    assert f"{where} looks like a secret: keep it in Secrets Manager" in " ".join(found)
    assert not re.search("hunter2|AKIA|4711", " ".join(found))


def test_a_secret_in_the_place_of_a_name_is_not_shown() -> None:
    assert "hunter2" not in " ".join(problems(LEAST | {"master_credentials_secret_id": "hunter2 hunter2"}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{\n  "source_region": "us-east-1"\n  "x": 1}', "This is no JSON, from line 3, column 3 on: Expecting"),
        ("", "This is no JSON, from line 1, column 1 on: Expecting value."),
        ("source_region: us-east-1", "This is no JSON, from line 1, column 1 on: Expecting value."),
        ("[]", "A config.json is a JSON object with source_region, source_cluster_id, target_region"),
        ('{"target_cluster_id": "a", "target_cluster_id": "b"}', "target_cluster_id is there twice: leave one"),
    ],
)  # fmt: skip
def test_what_is_no_config(text: str, expected: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(expected)


def test_notes_say_what_is_left_to_do() -> None:
    foreign = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop/app-AbCdEf"
    near = foreign.replace("us-east-1", "us-west-2")
    assert "app_credentials_secret_id" in keys_of_notes(LEAST | {"app_credentials_secret_id": foreign})
    assert "app_credentials_secret_id" not in keys_of_notes(LEAST | {"app_credentials_secret_id": near})
    assert "restore_params.deletion_protection" in keys_of_notes(params(deletion_protection=True))
    assert "restore_params.deletion_protection" not in keys_of_notes(params(deletion_protection=False))
    (yes,), (no,) = (
        [note.text for note in read(params(storage_encrypted=value)).notes if note.key.endswith("encrypted")]
        for value in (True, False)
    )
    assert "of us-west-2 in aurora_restore_kms_key_id" in yes and "can't be restored without encryption" in no
