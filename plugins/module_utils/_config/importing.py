# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a config.json of the Lambda pipeline says, as variables of an inventory. Nothing is asked of AWS."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._iam.settings import REGION
from ansible_collections.dbops.aurora_restore.plugins.module_utils._rds.naming import id_problem

BOOLEANS = {"true": True, "false": False}
# RDS API reference, RestoreDBClusterFromSnapshot, Port.
PORTS = range(1150, 65536)
SECRET_KEY = re.compile(r"password|passwd|pwd|secret|token|private_?key|access_?key|credential", re.IGNORECASE)
# Access key ids, private keys, and addresses with a password.
SECRET_VALUE = re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN |://[^/\s:@]*:[^/\s@]+@")


@dataclass(frozen=True)
class Note:
    """A key that could not be mapped as it is, or a variable that the file can't give, and what to do."""

    key: str
    text: str


@dataclass
class Imported:
    """One target of an inventory.

    :param host: its name there, the target's cluster id.
    :param variables: those of the role aurora_restore, by name.
    """

    host: str
    variables: dict[str, Any]
    notes: list[Note] = field(default_factory=list)


# How a value is read: takes the key, for the sentence, and what the file has; raises ValueError.
Take = Callable[[str, Any], Any]


def imported(text: str) -> Imported:
    """Read the text of a config.json.

    :raises ValueError: it can't be used; all that is wrong with it, without a value that might be a secret.
    """
    config = _parsed(text)
    problems: list[str] = []

    def tried(take: Take, key: str, value: Any) -> Any:
        try:
            return take(key, value)
        except ValueError as error:
            problems.append(str(error))
            return None

    values: dict[str, Any] = {}
    for key, value in _flat(config):
        found = KEYS.get(key)
        taken = tried(found.take if found else _unknown, key, value)
        if taken not in (None, "", []):
            values[key] = taken
        if not found or found.variable is None:
            problems += _secrets(key, value)
    for key, found in KEYS.items():
        if found.required and key not in values:
            tried(_missing, key, config.get(key))
    tried(_two_clusters, "target_cluster_id", values)
    tried(_zones_of_the_target, "restore_params.availability_zones", values)
    if problems:
        told = "\n".join(["The file can't be used:", *(f"- {each}" for each in dict.fromkeys(problems))])
        raise ValueError(told)
    variables = {found.variable: values[key] for key, found in KEYS.items() if found.variable and key in values}
    return Imported(values["target_cluster_id"], variables, list(_notes(values)))


def _parsed(text: str) -> dict[str, Any]:
    try:
        config = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ValueError(f"This is no JSON, from line {error.lineno}, column {error.colno} on: {error.msg}.") from None
    if not isinstance(config, dict):
        raise ValueError(f"A config.json is a JSON object with {', '.join(REQUIRED)}; this is {_kind(config)}.")
    return config


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise ValueError(f"{key} is there twice: leave one of them.")
        seen[key] = value
    return seen


def _flat(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys and values; those in restore_params by dotted names."""
    for key, value in config.items():
        if key == "restore_params" and isinstance(value, dict):
            yield from ((f"{key}.{name}", inner) for name, inner in value.items())
        else:
            yield key, value


# How values are read


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}
    return kinds.get(type(value), "an object")


def _text(key: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{key} is {_kind(value)}: it must be a text.")
    return value.strip()


def _like(pattern: str, what: str) -> Take:
    """A text of that form. Values are not shown: what is in the wrong place may be a secret."""

    def take(key: str, value: Any) -> str:
        text = _text(key, value)
        if text and not re.fullmatch(pattern, text, re.ASCII):
            raise ValueError(f"{key} does not look like {what}.")
        return text

    return take


def _region(key: str, value: Any) -> str:
    text = _text(key, value)
    if text and not REGION.fullmatch(text):
        raise ValueError(f"{key} is {text!r}, which is no region: give one such as us-east-1.")
    return text


def _cluster(key: str, value: Any) -> str:
    text = _text(key, value).lower()
    problem = id_problem(text) if text else None
    if problem:
        raise ValueError(f"{key} is {text!r}, which is no cluster id: {problem}.")
    return text


def _boolean(key: str, value: Any) -> bool | None:
    read = BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else value
    if value not in (None, "") and not isinstance(read, bool):
        raise ValueError(f"{key} is {_kind(value)}: it must be true or false.")
    return read if isinstance(read, bool) else None


def _port(key: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    port = int(value) if isinstance(value, str) and re.fullmatch(r"\s*\d{1,5}\s*", value, re.ASCII) else value
    if isinstance(port, bool) or not isinstance(port, int) or port not in PORTS:
        raise ValueError(f"{key} must be a whole number from {PORTS[0]} to {PORTS[-1]}.")
    return port


def _list_of(take: Take) -> Take:
    """A list of texts; a text is split at its commas."""

    def take_list(key: str, value: Any) -> list[Any]:
        if value is None:
            return []
        items = value.split(",") if isinstance(value, str) else value
        if not isinstance(items, list):
            raise ValueError(f"{key} is {_kind(value)}: it must be a list of texts.")
        return [item for item in (take(f"{key}[{number}]", each) for number, each in enumerate(items)) if item]

    return take_list


def _object(key: str, value: Any) -> Any:
    if value not in (None, "") and not isinstance(value, dict):
        raise ValueError(f"{key} is {_kind(value)}: it must be an object.")
    return value or None


# What is wrong with the whole


def _unknown(key: str, value: Any) -> None:
    if SECRET_KEY.search(key.rpartition(".")[2]) and isinstance(value, (str, int)) and value not in ("", 0):
        return  # _secrets says so
    parent, dot, name = key.rpartition(".")
    near = difflib.get_close_matches(key, KEYS, 1, 0.8) or [known for known in KEYS if known.endswith(f".{name}")]
    guess = f" Is it {near[0]}?" if near else ""
    within = f"{parent} of a config.json" if dot else "a config.json"
    raise ValueError(f"{key}: {within} has no such key; correct it or take it out.{guess}")


def _missing(key: str, given: Any) -> None:
    if given is None or given == "":
        raise ValueError(f"{key} is missing.")


def _two_clusters(key: str, values: Any) -> None:
    source = [values.get("source_region"), values.get("source_cluster_id")]
    if None not in source and source == [values.get("target_region"), values.get(key)]:
        raise ValueError(f"{key} is the source itself, in the same region: a restore would replace it.")


def _zones_of_the_target(key: str, values: Any) -> None:
    region = values.get("target_region")
    strange = [zone for zone in values.get(key, []) if region and not zone.startswith(region)]
    if strange:
        raise ValueError(f"{key} has {', '.join(strange)}, which is not in target_region, {region}.")


def _secrets(path: str, value: Any) -> list[str]:
    """Where secrets seem to be, without them."""
    inner: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        inner = [(f"{path}.{key}", each) for key, each in value.items()]
    elif isinstance(value, list):
        inner = [(f"{path}[{number}]", each) for number, each in enumerate(value)]
    if inner:
        return [problem for where, each in inner for problem in _secrets(where, each)]
    try:
        _no_secret(path, value)
    except ValueError as error:
        return [str(error)]
    return []


def _no_secret(key: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value in ("", 0):
        return
    if SECRET_KEY.search(re.split(r"[.\[]", key)[-1] or key) or SECRET_VALUE.search(str(value)):
        raise ValueError(
            f"{key} looks like a secret: keep it in Secrets Manager, take it out here, and change it, since it was in a"
            " file."
        )


# What could not be mapped, and what is needed


def _notes(values: Mapping[str, Any]) -> Iterator[Note]:
    region = values["target_region"]
    if "vpc_config" in values:
        yield Note(
            "vpc_config",
            "Not mapped: it was the network of the functions. Start the playbook on a machine in that network, or name"
            " one that is in aurora_restore_db_host.",
        )
    if "restore_params.storage_encrypted" in values:
        encrypted = values["restore_params.storage_encrypted"]
        yield Note(
            "restore_params.storage_encrypted",
            "Not mapped: RDS has no such parameter for a restore. "
            + (
                f"Give the key of {region} in aurora_restore_kms_key_id; left out, it is that of the replaced cluster."
                if encrypted
                else "An encrypted snapshot can't be restored without encryption; one that is not encrypted stays so"
                " unless aurora_restore_kms_key_id is given."
            ),
        )
    zones = values.get("restore_params.availability_zones", [])
    if zones:
        yield Note(
            "restore_params.availability_zones",
            f"Mapped to aurora_restore_availability_zones, which asks for one member in each: {len(zones)} in all. Take"
            " it out for as many members as the replaced cluster has.",
        )
    if values.get("restore_params.deletion_protection"):
        yield Note(
            "restore_params.deletion_protection",
            "Mapped. The next restore is refused for it unless aurora_restore_lift_deletion_protection is true.",
        )
    for key in ("master_credentials_secret_id", "app_credentials_secret_id"):
        arn = values[key].split(":")
        if len(arn) > 3 and arn[3] != region:
            yield Note(
                key,
                f"Mapped, but it is a secret of {arn[3]}: secrets are read in the target's region, {region}. Replicate"
                " it to there, or make one, and give its name or ARN.",
            )
    if "sns_topic_arn" not in values:
        yield Note(
            "sns_topic_arn",
            "Not there: nobody is told how a restore went unless aurora_restore_sns_topic_arn is given.",
        )
    yield Note(
        "aurora_restore_db_ca_cert",
        "Needed besides, and empty as yet: the file of the certificates that sign the database's, such as RDS's bundle"
        f" of {region}. Without it a run is refused.",
    )


@dataclass(frozen=True)
class Key:
    """What a key becomes.

    :param variable: None for a key that nothing corresponds to.
    """

    variable: str | None
    take: Take
    required: bool = False


SECRET_ID = _like(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+|[\w/+=.@-]{1,512}",
    "the name or ARN of a secret",
)
RESTORE: Mapping[str, Key] = {
    "db_subnet_group_name": Key(
        "aurora_restore_db_subnet_group_name", _like(r"[\w .-]{1,255}", "the name of a subnet group")
    ),
    "vpc_security_group_ids": Key(
        "aurora_restore_vpc_security_group_ids", _list_of(_like(r"sg-[0-9a-f]{8,17}", "the id of a security group"))
    ),
    "deletion_protection": Key("aurora_restore_deletion_protection", _boolean),
    "port": Key("aurora_restore_port", _port),
    "availability_zones": Key(
        "aurora_restore_availability_zones",
        _list_of(_like(r"[a-z]{2,4}(-[a-z]+)+-\d+[a-z0-9-]*[a-z]", "an availability zone such as us-west-2a")),
    ),
    "enable_iam_database_authentication": Key("aurora_restore_enable_iam_database_authentication", _boolean),
    "storage_encrypted": Key(None, _boolean),
}
KEYS: Mapping[str, Key] = {
    "source_region": Key("aurora_restore_source_region", _region, required=True),
    "source_cluster_id": Key("aurora_restore_source_cluster_id", _cluster, required=True),
    "target_region": Key("aurora_restore_target_region", _region, required=True),
    "target_cluster_id": Key("aurora_restore_target_cluster_id", _cluster, required=True),
    "snapshot_prefix": Key(
        "aurora_restore_snapshot_prefix", _like(r"(rds:)?[A-Za-z][A-Za-z0-9-]*", "the beginning of a snapshot's id")
    ),
    "master_credentials_secret_id": Key(
        "aurora_restore_master_credentials_secret_id", SECRET_ID, required=True
    ),
    "app_credentials_secret_id": Key("aurora_restore_app_credentials_secret_id", SECRET_ID, required=True),
    "sns_topic_arn": Key(
        "aurora_restore_sns_topic_arn",
        _like(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?", "the ARN of an SNS topic"),
    ),
    "vpc_config": Key(None, _object),
    "restore_params": Key(None, _object),
    **{f"restore_params.{name}": key for name, key in RESTORE.items()},
}  # fmt: skip
REQUIRED = tuple(key for key, found in KEYS.items() if found.required)
