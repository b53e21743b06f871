# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files: folders named after opaque keys, quick copies of data directories, and removing them."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from .identity import Identity

_FICLONE = 0x40049409
_LONGEST_NAME = 100
# The last processes of a killed server may still write while its folder is removed.
_REMOVAL_ATTEMPTS = 20
#: What a server leaves in its data directory and a copy of it must not have.
_TRANSIENT = frozenset({"postmaster.pid", "postmaster.opts"})


def folder_name(key: str) -> str:
    """A file name for any key: plain keys stay as they are, no two keys share a name."""
    name = re.sub(r"[^A-Za-z0-9_-]", lambda found: "".join(f"%{byte:02x}" for byte in found[0].encode()), key)
    if name and len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:60]}%%{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def _share_blocks(source: int, destination: int) -> bool:
    try:
        fcntl.ioctl(destination, _FICLONE, source)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV, errno.ENOSYS):
            return False
        raise
    return True


class TreeCopier:
    """Copies data directories: by shared blocks where the file system can (btrfs, XFS), else byte by byte."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._can_share = True

    def copy(self, source: Path, destination: Path, *, link: bool = False) -> None:
        """Copy a tree; destination appears only when it is complete.

        :param link: the files may be the same ones, since nobody writes to either tree.
        """
        partial = destination.with_name(f".{destination.name}.partial")
        remove_tree(partial)
        try:
            self._copy_folder(source, partial, os.link if link else self._copy_file)
            partial.rename(destination)
        except BaseException:
            remove_tree(partial)
            raise

    def _copy_folder(self, source: Path, destination: Path, copy_file: Callable[[str, Path], None]) -> None:
        destination.mkdir(mode=0o700, parents=False)
        self._identity.own(destination)
        with os.scandir(source) as entries:
            for entry in entries:
                target = destination / entry.name
                if entry.is_dir(follow_symlinks=False):
                    self._copy_folder(Path(entry.path), target, copy_file)
                elif entry.is_file(follow_symlinks=False) and entry.name not in _TRANSIENT:
                    copy_file(entry.path, target)
                    self._identity.own(target)

    def _copy_file(self, source: str, destination: Path) -> None:
        if self._can_share:
            with open(source, "rb") as reading, open(destination, "wb") as writing:
                self._can_share = _share_blocks(reading.fileno(), writing.fileno())
        if not self._can_share:
            shutil.copyfile(source, destination)
        destination.chmod(0o600)


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it; nothing happens when it is not there."""
    for attempt in range(_REMOVAL_ATTEMPTS):
        try:
            shutil.rmtree(path)
        except FileNotFoundError:
            # Also when a dying server removed one of its files first.
            if not path.exists():
                return
        except OSError as error:
            if error.errno != errno.ENOTEMPTY or attempt == _REMOVAL_ATTEMPTS - 1:
                raise
        else:
            return
        time.sleep(0.05)
