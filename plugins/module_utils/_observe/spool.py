# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The local file of an operation's log, and how much of it CloudWatch has.

``<folder>/<operation>.jsonl`` has a record in each line, and is only ever added to. ``<operation>.jsonl.shipped``
beside it says, for each step and for metrics, up to which byte the file was taken.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.dbops.aurora_restore.plugins.module_utils._observe.records import to_line

SUFFIX = ".jsonl"
# Nobody else's business: who is on the machine need not see messages of the database.
FILE_MODE, FOLDER_MODE = 0o600, 0o700


@dataclass(frozen=True)
class Line:
    """A record, its text, and the byte at which what comes after it begins."""

    record: Mapping[str, Any]
    text: str
    end: int


@dataclass
class Shipped:
    """How much CloudWatch has.

    :param offsets: by step, and METRICS.
    :param size: of the file, when all of it was taken.
    :param failed_at: when CloudWatch last failed, in seconds since 1970; 0: it did not.
    :param warned: what was complained of already.
    """

    offsets: dict[str, int] = field(default_factory=dict)
    size: int = 0
    failed_at: float = 0.0
    warned: list[str] = field(default_factory=list)


def log_file(folder: str | Path, operation_id: str) -> Path:
    return Path(folder) / f"{operation_id}{SUFFIX}"


def append(path: Path, record: Mapping[str, Any]) -> None:
    """Add a record, in one write.

    :raises OSError: it can't be written.
    """
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    try:
        size = os.fstat(descriptor).st_size
        # A line that was torn when the machine went down must not spoil this one.
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (b"\n" if torn else b"") + to_line(record).encode() + b"\n")
    finally:
        os.close(descriptor)


def read(path: Path) -> list[Line]:
    """All whole lines; what is no record is passed over.

    :raises OSError: it can't be read.
    """
    lines, end = [], 0
    for content in path.read_bytes().splitlines(keepends=True):
        end += len(content)
        if not content.endswith(b"\n"):
            break
        try:
            record = json.loads(content)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("step"), str):
            lines.append(Line(record, content.decode().rstrip("\n"), end))
    return lines


def read_shipped(path: Path) -> Shipped:
    """How much of a file CloudWatch has; none of it when nobody says so."""
    try:
        content = json.loads(_beside(path).read_text(encoding="utf-8"))
        return Shipped(**content)
    except (OSError, ValueError, TypeError):
        return Shipped()


def write_shipped(path: Path, shipped: Shipped) -> None:
    """
    :raises OSError: it can't be written.
    """
    partial = _beside(path).with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(shipped), file)
    partial.replace(_beside(path))


@contextlib.contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether nobody else ships this file at the moment; several targets share a folder, and one run may look after
    what another one left.

    :raises OSError: there is no such file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def left_behind(folder: Path, but: Path, newer_than: float, limit: int = 3) -> list[Path]:
    """Files of other operations that CloudWatch does not have all of, the newest first.

    :param newer_than: in seconds since 1970; CloudWatch takes nothing that is older.
    """
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        with contextlib.suppress(OSError):
            state = path.stat()
            if path != but and state.st_mtime > newer_than and state.st_size != read_shipped(path).size:
                found.append((state.st_mtime, path))
    return [path for _age, path in sorted(found, reverse=True)][:limit]


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".shipped")
