# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is there at the start: made as a scenario's world says, or as demo.yml does.

building.py   makes it all, in order             made.py        what has been made, by name
people.py     users and roles                    surroundings.py   keys, networks, groups, secrets, topics, tables
clusters.py   clusters and instances             databases.py, snapshots.py   what is in them, and what was
demo.yml      a shop's production and staging; shop*.sql, staging.sql: their data
"""
