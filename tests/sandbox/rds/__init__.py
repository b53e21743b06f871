# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Aurora's clusters, instances and cluster snapshots. The rest of RDS is moto's.

install.py     puts all this into moto
responses.py   one method per API action      backend.py   what they work on
clusters.py  modifications.py  instances.py  snapshots.py  copies.py  restores.py    what the actions do
sharing.py  globals.py  passwords.py    snapshots of other accounts, global clusters, managed passwords
models.py      the resources
rules.py  references.py  engines.py  quotas.py  filters.py  paging.py  events.py  errors.py     what they check and say
"""
