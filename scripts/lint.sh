#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Every static check, all of them even when one fails. Run by make lint, with the environment's bin first in PATH.
set -uo pipefail
failed=()

check() {
  local name=$1
  shift
  printf '%s\n' "== $name"
  "$@" || failed+=("$name")
}

# Full module names need the link below the environment; the checkout's own path would give others.
typed() {
  MYPYPATH="${VENV:-.venv}/typing:tests" mypy -p ansible_collections.dbops.aurora_restore.plugins.module_utils -p sandbox
}

export ANSIBLE_HOME="$PWD/.cache/ansible-home" NO_COLOR=1
# Collections are looked for beside Ansible itself only: what an account has under ~/.ansible is no part of this.
unset ANSIBLE_COLLECTIONS_PATH

check "ruff" ruff check .
check "ruff format" ruff format --check .
check "mypy" typed
check "yamllint" yamllint --strict .
check "ansible-lint" ansible-lint --offline --strict
# It copies what git knows of the collections that this one depends on; those below .venv would count as ignored files.
check "antsibull-docs" env GIT_CEILING_DIRECTORIES="$PWD" antsibull-docs lint-collection-docs --plugin-docs --check-extra-docs-refs .
check "antsibull-changelog" antsibull-changelog lint
check "licence headers" python scripts/headers.py

if ((${#failed[@]})); then
  printf 'failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
