# SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every request passes on its way to moto: who is it, may they, what was answered."""
