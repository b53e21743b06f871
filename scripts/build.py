# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection's tarball into dist, install it into .cache/installed, and see that it works from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from headers import CHECKOUT

INSTALLED = CHECKOUT / ".cache" / "installed"
DIST = CHECKOUT / "dist"
NAME = "dbops.aurora_restore"
# Nothing that belongs to a machine or a run may be in the tarball.
UNWANTED = {".sandbox", ".cache", ".git", ".ansible", "reports", "dist", "__pycache__"}


def run(*command: str, **more_environment: str) -> str:
    answer = subprocess.run(
        [str(Path(sys.executable).with_name(command[0])), *command[1:]],
        cwd=CHECKOUT,
        env={**os.environ, "ANSIBLE_HOME": str(CHECKOUT / ".cache" / "ansible-home"), **more_environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if answer.returncode:
        sys.exit(f"build: {' '.join(command)} failed:\n{answer.stdout}{answer.stderr}")
    return answer.stdout


def installed(*command: str) -> str:
    """Run a command that finds this collection in its installed form only."""
    return run(*command, ANSIBLE_COLLECTIONS_PATH=str(INSTALLED))


def built() -> Path:
    shutil.rmtree(DIST, ignore_errors=True)
    run("ansible-galaxy", "collection", "build", "--force", "--output-path", str(DIST), ".")
    (tarball,) = DIST.glob("*.tar.gz")
    with tarfile.open(tarball) as archive:
        names = archive.getnames()
    strays = [name for name in names if UNWANTED & set(Path(name).parts) or name.startswith(".venv")]
    if strays:
        sys.exit(f"build: {tarball.name} holds what it should not: {', '.join(strays[:10])}")
    print(f"{tarball.relative_to(CHECKOUT)}: {len(names)} entries, {tarball.stat().st_size // 1024} KiB")
    return tarball


def check_installed() -> None:
    place = INSTALLED / "ansible_collections" / "dbops" / "aurora_restore"
    modules = sorted(path.stem for path in (place / "plugins" / "modules").glob("[!_]*.py"))
    for module in modules:
        documented: dict[str, Any] = json.loads(installed("ansible-doc", "--json", f"{NAME}.{module}"))
        file = Path(documented[f"{NAME}.{module}"]["doc"]["filename"])
        if not file.is_relative_to(INSTALLED):
            sys.exit(f"build: {NAME}.{module} was found in {file}, not in the installed collection.")
    if not modules:
        sys.exit("build: the installed collection has no modules.")
    playbooks = sorted(path.stem for path in (place / "playbooks").glob("*.yml"))
    for playbook in playbooks:
        installed("ansible-playbook", "--syntax-check", "-i", "inventories/staging", f"{NAME}.{playbook}")
    print(f"installed: {len(modules)} modules, playbooks {', '.join(playbooks)}")


def main() -> None:
    tarball = built()
    shutil.rmtree(INSTALLED, ignore_errors=True)
    # By force: the environment's link to the checkout counts as installed already.
    options = ("--offline", "--no-deps", "--force", "-p", str(INSTALLED))
    installed("ansible-galaxy", "collection", "install", *options, str(tarball))
    check_installed()


if __name__ == "__main__":
    main()
