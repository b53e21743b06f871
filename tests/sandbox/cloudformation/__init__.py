# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudFormation, of which moto has too little: stacks that are made, changed, rolled back and deleted as on AWS.

templates.py, parameters.py, functions.py, references.py    templates, pure
evaluation.py    a template with the values of one stack; changes.py: what an update would change
stacks.py        what is known of a stack; operations.py: making, changing, deleting one; runner.py: and its time
resources/       the types of resources; calls.py: their calls, made in the caller's name
service.py       what each action of the API does; changesets.py: change sets; responses.py: the answers

Sources are named where they count: the CloudFormation user guide and API reference, the resource types' schemas in the
CloudFormation registry (which properties there are, which need a replacement, which permissions their handlers need,
which are given CloudFormation's own tags), and messages as seen in issues of public projects.
"""
