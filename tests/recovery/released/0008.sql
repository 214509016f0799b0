insert into ledger.alert (kind, key, campaign, sentence, to_do, opened_at, seen_at, cleared_at)
values (
    'error_rate', 'nhi_overdue', 'nhi_overdue', '送信の失敗が増えています。', '実行回の画面を確認してください。',
    '2026-10-02T13:10+09:00', '2026-10-02T13:20+09:00', '2026-10-02T13:30+09:00'
);
insert into ledger.alert_telling (alert_id, way, telling, told_at)
select alert_id, 'mail', 'opened', '2026-10-02T13:10+09:00' from ledger.alert;
insert into ledger.heartbeat (name, beaten_at, late_at)
values ('watch', '2026-10-02T13:20+09:00', '2026-10-02T13:40+09:00');
