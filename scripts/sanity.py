# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ``ansible-test sanity`` on an exported copy of the checkout.

ansible-test wants a folder named after the collection, with the collections it depends on beside it, and makes
virtual environments of its own. Both live in .cache. It downloads pip's bootstrap script from a site of its own; here
the Python's bundled pip installs the wanted one from the package index that pip is configured for.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from headers import CHECKOUT, files

ROOT = CHECKOUT / ".cache" / "sanity"
HOME = CHECKOUT / ".cache" / "ansible-test"
SITE_PACKAGES = Path(sysconfig.get_paths()["purelib"])
DEPENDENCIES = ("amazon/aws", "community/aws", "community/postgresql")

# ensurepip tells pip, through the environment, to read no settings; the pip after it has to read them.
BOOTSTRAP = """\
import ensurepip, os, subprocess, sys
before = dict(os.environ)
ensurepip.bootstrap(default_pip=True)
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *wanted], env=before))
"""


def export() -> Path:
    """The files that git knows or would add, as a plain copy under the collection's name."""
    shutil.rmtree(ROOT, ignore_errors=True)
    collections = ROOT / "ansible_collections"
    copy = collections / "dbops" / "aurora_restore"
    for name in files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, copy / name)
    for name in DEPENDENCIES:
        place = collections / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(SITE_PACKAGES / "ansible_collections" / name, target_is_directory=True)
    return copy


def prepare_home() -> None:
    """A home folder for ansible-test: pip's bootstrap script, and pip's settings (it passes no PIP_* on)."""
    source = (SITE_PACKAGES / "ansible_test" / "_internal" / "python_requirements.py").read_text()
    version = re.search(r"pip='([\d.]+)'", source)
    if not version:
        sys.exit("sanity: this ansible-test does not say which pip it bootstraps with.")
    cache = HOME / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (cache / f"get_pip_{version[1].replace('.', '_')}.py").write_text(BOOTSTRAP)
    settings = HOME / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.touch(mode=0o600)  # an index's address may hold a password
    settings.write_text(pip_settings())


def pip_settings() -> str:
    """What pip is told on this machine, by files and environment, as one file."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    values = {}
    for line in listed.splitlines():
        key, _equals, value = line.partition("=")
        section, _dot, option = key.rpartition(".")
        if section in ("global", "install", ":env:"):
            values[option] = value.strip("'\"").replace("\\n", "\n    ")
    return "[global]\n" + "".join(f"{option} = {value}\n" for option, value in values.items())


def environment(copy: Path) -> dict[str, str]:
    """For ansible-test: its own home, and the copy as what it tests (it would else take the git repository around)."""
    prepare_home()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    return env | {"HOME": str(HOME), "ANSIBLE_TEST_CONTENT_ROOT": str(copy)}


def ansible_test(command: str) -> list[str]:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return [str(Path(sys.executable).with_name("ansible-test")), command, "--color", "no", "--python", version]


def main() -> int:
    copy = export()
    command = [*ansible_test("sanity"), *sys.argv[1:]]
    return subprocess.run(command, cwd=copy, env=environment(copy), stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
