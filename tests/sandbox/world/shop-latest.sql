-- SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
-- What no snapshot has.
INSERT INTO shop.customers (name, email) VALUES ('Late Customer', 'after-snapshot@example.com');
