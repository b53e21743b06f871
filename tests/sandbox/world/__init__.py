# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is there at the start: a shop's production in us-east-1 and its staging in us-west-2.

names.py      how everything is called          seed.py       makes it all, in order
surroundings.py   keys, networks, parameter groups, secrets, topic, queue, tables
clusters.py   clusters, their databases and snapshots           shop.sql, staging.sql    their data
"""
