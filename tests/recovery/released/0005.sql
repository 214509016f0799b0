insert into ledger.request (campaign_run_id, asked_by, kind, asked_at)
values ('00000000-0000-0000-0000-000000000001', 'mori', 'triggered', '2026-10-02T10:00+09:00');
