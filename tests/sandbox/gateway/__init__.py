# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every request passes on its way to moto: who is it, may they, what was answered.

server.py       HTTP                              application.py   the order of things; answer.py: what comes of it
wire.py         which call a request is           targets.py       what it is about
identity.py     whose access key                  signature.py     and whether it was signed with it
refusals.py     answers that refuse a request     journal.py       every call as one line
"""
