# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads moto in half the time: each of botocore's files is read once, and what concerns EC2 instances only is not.

And keeps it small: it would remember every object that it ever made, for a dashboard that is not shown here.
"""

from __future__ import annotations

import functools
from typing import Any
from unittest.mock import patch

from botocore.loaders import JSONFileLoader

# Which instance types each zone offers: nobody starts EC2 instances here.
OFFERINGS = "instance_type_offerings"


def _read_once() -> None:
    """Every session has a loader of its own, and moto and boto3 have many sessions."""
    load_file: Any = JSONFileLoader.load_file
    read = functools.cache(lambda path: load_file(JSONFileLoader(), path))
    patch.object(JSONFileLoader, "load_file", lambda _loader, path: read(path)).start()


def _forget() -> None:
    """Each DynamoDB transaction copies its whole table, so what is never forgotten grows with the square of calls."""
    from moto.core.common_models import BaseModel

    def make(cls: type, *_arguments: Any, **_keywords: Any) -> Any:
        return object.__new__(cls)

    patch.object(BaseModel, "__new__", staticmethod(make)).start()


@functools.cache
def load_moto() -> None:
    """To be called before anything of moto is imported."""
    _read_once()
    from moto.utilities import utils

    load_resource: Any = utils.load_resource

    def without_offerings(path: Any) -> Any:
        return [] if OFFERINGS in str(path) else load_resource(path)

    with patch.object(utils, "load_resource", without_offerings):
        import moto.rds.models  # noqa: F401 - with it comes nearly everything
    _forget()
