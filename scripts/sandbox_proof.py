# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold the sandbox against what people wrote who did not write it. docs/docsite/rst/sandbox_proof.rst says what for.

python scripts/sandbox_proof.py [moto|cli|amazon_aws...] [--amazon-aws CHECKOUT]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import venv
from importlib.metadata import version
from pathlib import Path

import sandboxed
import yaml
from sandboxed import CHECKOUT

PROOF = CHECKOUT / "tests" / "proof"
CACHE = CHECKOUT / ".cache" / "proof"
REPORTS = CHECKOUT / "reports"
# moto's tests of what the sandbox replaces.
MOTO_TESTS = (
    "test_rds.py", "test_rds_clusters.py", "test_rds_clusters_with_instances.py", "test_filters.py",
    "test_global_clusters.py", "test_db_cluster_params.py", "test_db_cluster_param_group.py",
)  # fmt: skip
# amazon.aws's targets, and what is said to them: their own engine is not the sandbox's.
POSTGRES = {"engine": "aurora-postgresql", "db_port": 5432}
AMAZON_AWS_TARGETS: dict[str, dict[str, object]] = {
    "rds_cluster_create": POSTGRES,
    "rds_cluster_snapshot": POSTGRES,
    "rds_cluster_restore": POSTGRES,
    "rds_cluster_modify": {},
}


class ProofError(Exception):
    """A proof can't be run; one sentence on why."""


def pip(*arguments: str, python: str = sys.executable) -> None:
    answer = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", *arguments], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise ProofError(f"pip {' '.join(arguments[:2])} failed: {(answer.stderr.strip() or '?').splitlines()[-1]}")


def moto_sources() -> Path:
    """The source distribution of the moto that is installed: its wheel has no tests."""
    name = f"moto-{version('moto')}"
    if not (CACHE / name).is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        archive = CACHE / f"{name}.tar.gz"
        if not archive.exists():
            requirement = name.replace("-", "==", 1)
            pip("download", "--quiet", "--no-deps", "--no-binary", "moto", "--dest", str(CACHE), requirement)
        with tarfile.open(archive) as opened:
            wanted = [
                item
                for item in opened.getmembers()
                if item.name.startswith((f"{name}/tests/test_rds/", f"{name}/tests/__init__.py", f"{name}/tests/conf"))
            ]
            opened.extractall(CACHE, wanted, filter="data")
    return CACHE / name


def moto() -> int:
    """moto's own tests, on the sandbox's RDS."""
    sources = moto_sources()
    needs = CACHE / "moto-needs"
    if not needs.is_dir():
        pip("install", "--quiet", "--no-deps", "--target", str(needs), "freezegun>=1.5,<2")
    REPORTS.mkdir(exist_ok=True)
    result = REPORTS / "proof-moto.json"
    places = (CHECKOUT / "tests", CHECKOUT / "tests" / "unit" / "sandbox", PROOF, needs)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    env = clean | {
        "PYTHONPATH": os.pathsep.join(map(str, places)), "PROOF_RESULT": str(result), "PROOF_WHOLE": "1",
    }  # fmt: skip
    tests = [f"tests/test_rds/{name}" for name in MOTO_TESTS]
    # With settings of neither project.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        os.devnull,
        "-p",
        "moto_plugin",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        ".",
    ]
    code = sandboxed.run([*command, "-q", "--tb=short", *tests], cwd=sources, env=env, stdin=subprocess.DEVNULL)
    found = json.loads(result.read_text(encoding="utf-8"))
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(found["outcomes"].items()))
    print(
        f"moto {version('moto')}: {found['tests']} tests: {outcomes}; "
        f"{found['of_sandbox_resources']} of them make the sandbox's own clusters, instances or snapshots."
    )
    return code


def aws_cli() -> Path:
    """The AWS CLI in an environment of its own, since it wants a botocore of its own."""
    place = CACHE / "awscli"
    program = place / "bin" / "aws"
    if not program.exists():
        venv.create(place, with_pip=True, clear=True)
        pip("install", "--quiet", "awscli>=1.42,<2", python=str(place / "bin" / "python"))
    return program


def cli() -> int:
    """A whole restore with the AWS CLI."""
    program = aws_cli()
    # The copy takes long enough for a call that comes too early.
    with sandboxed.sandbox(CACHE / "cli-sandbox", "--port", "0", "--durations", "snapshot_copy=25") as info:
        command = [sys.executable, str(PROOF / "cli_restore.py"), str(program), f"{info['dir']}/endpoint.json"]
        return sandboxed.run(command, stdin=subprocess.DEVNULL)


def amazon_aws(checkout: Path | None) -> int:
    """amazon.aws's integration targets, as plays against a sandbox."""
    if checkout is None:
        print(
            "amazon.aws's integration targets were left out: they come with its repository only "
            "(make sandbox-proof AMAZON_AWS=<checkout of ansible-collections/amazon.aws>)."
        )
        return 0
    targets = checkout.resolve() / "tests" / "integration" / "targets"
    if not (targets / "rds_cluster_create").is_dir():
        raise ProofError(
            f"{checkout} is no checkout of amazon.aws: it has no {targets.relative_to(checkout.resolve())}."
        )
    deviations = yaml.safe_load((PROOF / "amazon_aws_deviations.yml").read_text(encoding="utf-8")) or {}
    with sandboxed.sandbox(CACHE / "amazon-aws-sandbox", "--port", "0") as info:
        results = [_is_as_listed(name, _failure(name, info, targets), deviations) for name in AMAZON_AWS_TARGETS]
    return 0 if all(results) else 1


def _failure(target: str, info: dict[str, object], targets: Path) -> str | None:
    """The task at which the target fails, or None. Its output is kept."""
    keys = dict(info["credentials"])  # type: ignore[call-overload]
    play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "roles": [target]}]
    book, log = CACHE / f"{target}.yml", REPORTS / f"proof-{target}.log"
    book.write_text(yaml.safe_dump(play), encoding="utf-8")
    variables = {
        "aws_region": "us-west-2", "aws_access_key": keys["access_key"], "aws_secret_key": keys["secret_key"],
        "resource_prefix": f"proof-{target}", "tiny_prefix": target.rpartition("_")[2],
        "ansible_python_interpreter": sys.executable, **AMAZON_AWS_TARGETS[target],
    }  # fmt: skip
    env = sandboxed.environment(info) | {
        "ANSIBLE_ROLES_PATH": str(targets), "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING":
        "false", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(CACHE / "ansible-home"),
    }  # fmt: skip
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    REPORTS.mkdir(exist_ok=True)
    with log.open("w", encoding="utf-8") as output:
        code = sandboxed.run(
            [program, str(book), "-e", json.dumps(variables)],
            env=env, cwd=CACHE, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    return failed_task(log.read_text(encoding="utf-8")) if code else None


def failed_task(output: str) -> str:
    """The first task of a playbook's output that failed and was not ignored."""
    task, failed = "", None
    for line in output.splitlines():
        if line.startswith("TASK ["):
            if failed:
                return failed
            task = line[len("TASK [") :].partition("] *")[0]
        elif line.startswith(("fatal:", "failed:")):
            failed = failed or task
        elif line.startswith("...ignoring"):
            failed = None
    return failed or "the play itself"


def _is_as_listed(target: str, failure: str | None, deviations: dict[str, dict[str, str]]) -> bool:
    listed = deviations.get(target)
    if failure is None:
        print(f"{target}: passed" + (", though it is listed as deviating: take it off the list." if listed else "."))
        return not listed
    if listed and listed["task"] in failure:
        print(f"{target}: deviates as listed, at: {failure}")
        return True
    print(f"{target}: failed at: {failure} (reports/proof-{target}.log)")
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("proofs", nargs="*", choices=["moto", "cli", "amazon_aws", []], help="all by default")
    parser.add_argument("--amazon-aws", type=Path, help="a checkout of amazon.aws's repository")
    given = parser.parse_args()
    proofs = {"moto": moto, "cli": cli, "amazon_aws": lambda: amazon_aws(given.amazon_aws)}
    try:
        codes = [proofs[name]() for name in given.proofs or proofs]
    except KeyboardInterrupt:
        sys.exit("sandbox-proof: interrupted; the sandbox was stopped.")
    except (ProofError, sandboxed.SandboxError) as error:
        sys.exit(f"sandbox-proof: {error}")
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
