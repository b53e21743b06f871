-- SPDX-FileCopyrightText: 2026 dbops.aurora_restore contributors
-- SPDX-License-Identifier: GPL-3.0-or-later
-- What older snapshots do not have.
SET ROLE shop_app;
INSERT INTO shop.customers (name, email, created_at)
    SELECT 'Customer ' || n, 'customer' || n || '@example.com', timestamptz '2025-01-01 00:00Z' + n * interval '1 hour'
    FROM generate_series(1801, 2000) n;
INSERT INTO shop.orders (customer_id, status, ordered_at)
    SELECT 1 + n % 2000, (ARRAY['open', 'paid', 'shipped'])[1 + n % 3],
           timestamptz '2025-02-01 00:00Z' + n * interval '17 minutes'
    FROM generate_series(4501, 5000) n;
INSERT INTO shop.order_items (order_id, product, quantity, price)
    SELECT 1 + n % 5000, 'Product ' || n % 250, 1 + n % 5, (99 + n * 37 % 9900) / 100.0
    FROM generate_series(10801, 12000) n;
RESET ROLE;
