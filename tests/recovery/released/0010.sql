insert into ledger.purge (kind, rows_count, retention, purged_at, purged_by)
values ('accesses', 1, '{"accesses_days": 1095}', '2026-10-02T02:00+09:00', 'purge_personal_data');
