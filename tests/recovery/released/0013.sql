insert into ledger.gateway_inquiry (gateway, since_at, until_at, read_until, asked_at, asked_by, finished_at)
values (
    'karaden', '2026-09-01T00:00+09:00', '2026-10-01T00:00+09:00', '2026-10-01T00:00+09:00', '2026-10-01T00:00+09:00',
    'reconcile-gateway: mori', '2026-10-01T00:05+09:00'
);
insert into ledger.foreign_message (
    gateway, gateway_message_id, notice_id, phone_e164, state, accepted_at, found_at, found_by
)
values (
    'karaden', 'f1', gen_random_uuid(), '+818011119999', 'delivered', '2026-09-01T11:00+09:00',
    '2026-10-01T00:05+09:00', 'reconcile-gateway: mori'
);
