# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with the sandbox itself (not with a call to it: see rds/errors.py)."""

from __future__ import annotations

import errno
import os


class SandboxError(Exception):
    """One clear sentence on what can't be done and what would help."""


def is_disk_full(error: BaseException | None) -> bool:
    """Whether that is what is behind an error, which may have come as text from another program."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if os.strerror(errno.ENOSPC) in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def in_words(error: OSError) -> str:
    """What the operating system refused, and where."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror or error}{where}"
