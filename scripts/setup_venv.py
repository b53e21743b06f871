# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the virtual environment: create it, install the requirements, link the checkout in as a collection.

Cheap when nothing changed: a stamp in the environment says what it was made from. Run by make.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
CHECKOUT = Path(__file__).resolve().parent.parent
REQUIREMENTS = {
    "sandbox": ["requirements-sandbox.txt"],
    "dev": ["requirements-sandbox.txt", "requirements-dev.txt"],
}


def fail(sentence: str) -> None:
    sys.exit(f"setup_venv: {sentence}")


def check_python() -> None:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        fail(
            f"Python {sys.version.split()[0]} ({sys.executable}) is not supported; name one from 3.11 to 3.13, "
            "for example: make PYTHON=python3.13"
        )
    if not sys.platform.startswith("linux"):
        fail("the sandbox needs Linux.")
    try:
        import ensurepip  # noqa: F401 - Debian splits it off
        import venv  # noqa: F401
    except ImportError:
        fail(f"this Python has no venv module; on Debian and Ubuntu: apt install python3.{sys.version_info[1]}-venv")


def stamp_text(kind: str, venv: Path) -> str:
    """What the environment depends on: where it is, on which Python, and what the requirement files say."""
    digest = hashlib.sha256()
    for name in ["requirements.txt", *REQUIREMENTS[kind]]:
        digest.update((CHECKOUT / name).read_bytes())
    return f"{venv}\n{sys.version}\n{digest.hexdigest()}\n"


def link(place: Path) -> None:
    """Make place/ansible_collections/dbops/aurora_restore the checkout. An installed copy there is left alone."""
    name = place / "ansible_collections" / "dbops" / "aurora_restore"
    name.parent.mkdir(parents=True, exist_ok=True)
    if name.is_symlink():
        if name.resolve() == CHECKOUT:
            return
        name.unlink()
    elif name.exists():
        fail(f"{name} is not a link to this checkout; remove it and try again.")
    name.symlink_to(CHECKOUT, target_is_directory=True)


def make(kind: str, venv: Path) -> None:
    stamp = venv / f".stamp-{kind}"
    wanted = stamp_text(kind, venv)
    python = venv / "bin" / "python"
    if not (stamp.exists() and stamp.read_text() == wanted and python.exists()):
        check_python()
        if venv.exists() and not _same_python(python):
            shutil.rmtree(venv)
        if not venv.exists():
            print(f"Creating {venv.name} with Python {sys.version.split()[0]}", flush=True)
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        files = [argument for name in REQUIREMENTS[kind] for argument in ("-r", str(CHECKOUT / name))]
        print(f"Installing {', '.join(REQUIREMENTS[kind])} (this takes a few minutes the first time)", flush=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *files],
            check=True,
            cwd=CHECKOUT,
        )
        for done in REQUIREMENTS if kind == "dev" else [kind]:
            (venv / f".stamp-{done}").write_text(stamp_text(done, venv))
    paths = sysconfig.get_paths(vars={"base": str(venv), "platbase": str(venv)}, scheme="venv")
    link(Path(paths["purelib"]))
    link(venv / "typing")  # mypy's search path: it refuses site-packages


def _same_python(python: Path) -> bool:
    """Whether that interpreter starts, is in that place, and is of this version (a moved checkout's is not)."""
    if not python.exists():
        return False
    code = "import sys; print(sys.version, sys.prefix, sep='\\n')"
    answer = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    pip = subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True, check=False)
    return pip.returncode == 0 and answer.stdout == f"{sys.version}\n{python.parent.parent}\n" and _scripts_fit(python)


def _scripts_fit(python: Path) -> bool:
    """Whether the environment's scripts start its own interpreter: they name it by its full path."""
    script = python.with_name("pip")
    return script.exists() and str(python.parent) in script.read_text(errors="replace")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=sorted(REQUIREMENTS))
    parser.add_argument("--venv", default=".venv", help="folder, relative to the checkout")
    arguments = parser.parse_args()
    try:
        make(arguments.kind, Path(os.path.normpath(CHECKOUT / arguments.venv)))
    except subprocess.CalledProcessError as error:
        fail(f"'{' '.join(error.cmd[:4])} ...' ended with status {error.returncode}; see its message above.")


if __name__ == "__main__":
    main()
