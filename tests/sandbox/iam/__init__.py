# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what: an evaluator of IAM policies, used where a scenario says ``iam: true``.

patterns.py     wildcards, ARNs and policy variables; conditions.py: condition operators
policies.py     statements and documents
evaluation.py   the decision, pure: evaluate(policies, request)
catalogue.py    which resources an action is about, from the service authorization reference
needs/          from a call to the actions, resources and condition keys that it needs
world.py        principals, keys and so on as they are in moto; resources.py: their policies and tags
subject.py      who calls; authorizer.py: all of it together; denials.py: the answers
sessions.py     AssumeRole; simulation.py: SimulatePrincipalPolicy and SimulateCustomPolicy
sizes.py        how long policies may be
"""
