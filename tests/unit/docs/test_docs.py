# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What README and guides name exists, and what an operator can set is in the README."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
README = (CHECKOUT / "README.md").read_text()
GUIDES = sorted((CHECKOUT / "docs" / "docsite" / "rst").glob("*.rst"))
PREFIX = "aurora_restore_"


def options() -> dict[str, Any]:
    """The options of the composing role, of all its entry points."""
    specs = yaml.safe_load((CHECKOUT / "roles/aurora_restore/meta/argument_specs.yml").read_text())["argument_specs"]
    return {name: spec for entry in specs.values() for name, spec in (entry.get("options") or {}).items()}


def variables_in(text: str) -> set[str]:
    """Variables that a text names in code marks; ``a_b``, ``_c`` in a row stands for a_b and a_c's long form."""
    return set(re.findall(rf"`({PREFIX}[a-z_]*[a-z])`", text)) | set(re.findall(rf"({PREFIX}[a-z_]*[a-z]):", text))


def variables_of_playbooks() -> set[str]:
    """Variables that playbooks use beside those of the role."""
    texts = [path.read_text() for path in (CHECKOUT / "playbooks").glob("*.yml")]
    # In expressions, and in the lists of those that a playbook takes.
    patterns = (rf"{{{{ ({PREFIX}[a-z_]+)", rf"^ +- ({PREFIX}[a-z_]+)$")
    return {name for text in texts for pattern in patterns for name in re.findall(pattern, text, re.MULTILINE)}


def variables_for_a_controller() -> set[str]:
    """Variables that roles hand to the next node of a workflow, with set_stats."""
    texts = [path.read_text() for path in (CHECKOUT / "roles").glob("*/tasks/*.yml")]
    return {name for text in texts for name in re.findall(rf"^ +data:\n +({PREFIX}[a-z_]+):", text, re.MULTILINE)}


@pytest.mark.parametrize("path", [CHECKOUT / "README.md", *GUIDES], ids=lambda path: path.name)
def test_every_variable_named_exists(path: Path) -> None:
    known = set(options()) | variables_of_playbooks() | variables_for_a_controller()
    assert variables_in(path.read_text()) - known == set()


def test_the_role_takes_the_variables_of_playbooks() -> None:
    """In an inventory they are there when the role runs, which refuses variables that nothing knows."""
    own = yaml.safe_load((CHECKOUT / "roles/aurora_restore/vars/main.yml").read_text())
    others = set(own["__aurora_restore_other_names"])
    prefixes = re.compile(own["__aurora_restore_other_prefixes"])
    unknown = variables_of_playbooks() - set(options()) - others
    assert {name for name in unknown if not prefixes.match(name)} == set()


def test_every_variable_is_in_the_readme() -> None:
    rows = [line for line in README.splitlines() if line.startswith(f"| `{PREFIX}")]
    named = {PREFIX + name for row in rows for name in re.findall(rf"`(?:{PREFIX}|_)([a-z_]+)`", row.split("|")[1])}
    named |= {PREFIX + "snapshot_" + name for name in ("type", "max_age_hours")} & set(options())
    assert set(options()) - named == set()


@pytest.mark.parametrize("role", sorted(path.name for path in (CHECKOUT / "roles").iterdir()))
def test_every_option_of_a_role_is_in_its_readme(role: str) -> None:
    folder = CHECKOUT / "roles" / role
    specs = yaml.safe_load((folder / "meta/argument_specs.yml").read_text())["argument_specs"]
    options = {name for entry in specs.values() for name in entry.get("options") or {}}
    text = (folder / "README.md").read_text()
    assert {name for name in options if f"`{name}`" not in text} == set()


def test_every_module_is_in_the_readme() -> None:
    section = README.split("## Modules")[1].split("\n## ")[0]
    named = set(
        re.findall(r"`([a-z_]+)`", " ".join(line.split("|")[1] for line in section.splitlines() if "|" in line))
    )
    assert named == {path.stem for path in (CHECKOUT / "plugins" / "modules").glob("[a-z]*.py")}


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    texts = [README, *(guide.read_text() for guide in GUIDES)]
    named = {name for text in texts for name in re.findall(r"(?:`|\$ |^)make ([a-z0-9-]+)", text, re.MULTILINE)}
    assert named
    assert named - targets == set()


def test_every_key_of_the_old_configuration_has_its_row() -> None:
    table = (CHECKOUT / "docs/docsite/rst/from_the_lambda_pipeline.rst").read_text()
    for key in (
        "source_region", "target_region", "source_cluster_id", "target_cluster_id", "snapshot_prefix", "vpc_config",
        "restore_params.db_subnet_group_name", "restore_params.vpc_security_group_ids",
        "restore_params.deletion_protection", "restore_params.port", "restore_params.availability_zones",
        "restore_params.enable_iam_database_authentication", "restore_params.storage_encrypted",
        "master_credentials_secret_id", "app_credentials_secret_id", "sns_topic_arn",
    ):  # fmt: skip
        assert f"  * - ``{key}``\n" in table


def test_dependencies_are_the_same_everywhere() -> None:
    galaxy = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text())["dependencies"]
    listed = yaml.safe_load((CHECKOUT / "requirements.yml").read_text())["collections"]
    assert {entry["name"]: entry["version"] for entry in listed} == galaxy


SERVICES = {
    "RDS": "rds", "KMS": "kms", "Secrets Manager": "secretsmanager", "DynamoDB": "dynamodb", "SNS": "sns", "EC2": "ec2",
    "IAM": "iam", "Application Auto Scaling": "application-autoscaling", "CloudWatch Logs": "logs",
    "CloudWatch": "cloudwatch",
}  # fmt: skip


def test_the_policy_that_restores_are_tested_with_is_what_the_readme_lists() -> None:
    section = README.split("## Permissions")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if "| `" in line]
    listed = {
        f"{SERVICES[row[0].partition(',')[0]]}:{action}" for row in rows for action in re.findall(r"`(\w+)`", row[1])
    }
    policy = json.loads((CHECKOUT / "tests/sandbox/scenarios/runner-policy.json").read_text())
    allowed: set[str] = set()
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        actions = statement["Action"]
        allowed |= {actions} if isinstance(actions, str) else set(actions)
    # The sandbox's target has no roles of its own, and its inventory ships nothing to CloudWatch.
    not_there = {"rds:AddRoleToDBCluster", "logs:CreateLogStream", "logs:PutLogEvents", "cloudwatch:PutMetricData"}
    assert not_there <= listed
    assert allowed == listed - not_there
