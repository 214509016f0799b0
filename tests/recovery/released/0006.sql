insert into ledger.access (kind, accessed_by, accessed_at, resident_id, campaigns)
values ('person_looked_up', 'sato', '2026-10-02T15:00+09:00', '0000000001', array['nhi_overdue']);
insert into ledger.access (kind, accessed_by, accessed_at, campaign_run_id, choice, rows_count, reason)
values (
    'list_downloaded', 'sato', '2026-10-02T15:00+09:00', '00000000-0000-0000-0000-000000000001', 'all', 9, '確認'
);
