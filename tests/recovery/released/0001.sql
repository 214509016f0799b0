-- A run amidst its work, as version 0001 wrote it: each state, and who they are about.
insert into records.resident (resident_id, household_id, is_head, birth_on, status, recorded_at)
select lpad(n::text, 10, '0'), 'h' || n, true, '1970-04-01', 'resident', '2026-09-01T00:00+09:00'
from generate_series(1, 9) as n;

insert into records.contact (resident_id, contact_no, phone_raw, phone_e164, phone_type, confirmed_on, recorded_at)
select
    lpad(n::text, 10, '0'), 1, '0801111000' || n, '+81801111000' || n, 'mobile', '2026-04-01', '2026-09-01T00:00+09:00'
from generate_series(1, 9) as n;

insert into records.enrolment (resident_id, scheme, enrolled_on, recorded_at)
select lpad(n::text, 10, '0'), 'nhi', '2020-04-01', '2026-09-01T00:00+09:00'
from generate_series(1, 9) as n;

insert into records.levy (
    levy_id, scheme, obligor_id, levy_year, for_year, instalment, due_on, amount_yen, collection, recorded_at
)
select
    'l' || n, 'nhi', lpad(n::text, 10, '0'), 2026, 2026, 4, '2026-09-30', 10000, 'ordinary', '2026-09-01T00:00+09:00'
from generate_series(1, 9) as n;

insert into records.payment (payment_id, levy_id, amount_yen, paid_on, channel, stage, recorded_at)
values ('p9', 'l9', 10000, '2026-09-30', 'app', 'preliminary', '2026-10-01T07:00+09:00');

insert into records.plan (plan_id, scheme, obligor_id, agreed_on, status, recorded_at)
values ('a1', 'nhi', '0000000001', '2026-05-01', 'cancelled', '2026-09-01T00:00+09:00');
insert into records.plan_instalment (plan_id, instalment, due_on, amount_yen, recorded_at)
values ('a1', 1, '2026-06-30', 5000, '2026-09-01T00:00+09:00');
insert into records.plan_levy (plan_id, levy_id, recorded_at)
values ('a1', 'l1', '2026-09-01T00:00+09:00');
insert into records.hold (hold_id, resident_id, kind, from_on, until_on, recorded_at)
values ('k1', '0000000001', 'disputed', '2026-05-01', '2026-06-01', '2026-09-01T00:00+09:00');
insert into records.screening_voucher (resident_id, fiscal_year, posted_on, recorded_at)
values ('0000000001', 2026, '2026-05-01', '2026-09-01T00:00+09:00');
insert into records.screening (resident_id, fiscal_year, screened_on, recorded_at)
values ('0000000001', 2026, '2026-06-01', '2026-09-01T00:00+09:00');
insert into records.opt_out (opt_out_id, resident_id, from_on, recorded_at)
values ('o1', '0000009999', '2026-05-01', '2026-09-01T00:00+09:00');
insert into records.load (
    extract, file_name, sha256, as_of, rows_read, rows_loaded, rows_unchanged, rows_rejected, recorded_at
)
values ('payment', 'payment.csv', '\x01', '2026-10-01T07:00+09:00', 1, 1, 0, 1, '2026-10-01T07:00+09:00');
insert into records.load_reject (load_id, line_number, column_name, code, message)
select load_id, 1, 'levy_id', 'missing', 'missing' from records.load;

insert into ledger.campaign_run (
    campaign_run_id, campaign, occurrence_on, occurrence_at, opened_at, opened_by, digest, composed_at
)
values (
    '00000000-0000-0000-0000-000000000001', 'nhi_overdue', '2026-10-02', '2026-10-02T10:00+09:00',
    '2026-10-02T10:00+09:00', 'scheduler', 'of the run', '2026-10-02T10:01+09:00'
);
insert into ledger.message_text (text_id, campaign_run_id, variant, version, body, parts)
values (
    '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000001', 'plain', 1, '第4期のお知らせ', 1
);
insert into ledger.notice (
    notice_id, campaign_run_id, campaign, subject, resident_id, due_on, phone_e164, state, reason, text_id, parts, batch,
    scheduled_at, limited_at, state_changed_at, state_changed_by
)
select
    ('00000000-0000-0000-0000-00000000000' || n)::uuid, '00000000-0000-0000-0000-000000000001', 'nhi_overdue',
    'nhi/2026/4/' || lpad(n::text, 10, '0'), lpad(n::text, 10, '0'), '2026-09-30', '+81801111000' || n,
    case when n = 9 then 'suppressed' else 'planned' end, case when n = 9 then 'settled' end,
    '00000000-0000-0000-0000-00000000000a', 1, case when n = 9 then null when n > 6 then 2 else 1 end,
    '2026-10-02T13:00+09:00', '2026-10-02T17:00+09:00', '2026-10-02T10:01+09:00', 'plan'
from generate_series(1, 9) as n;

insert into ledger.batch (campaign_run_id, batch, notices, digest)
select '00000000-0000-0000-0000-000000000001', b.batch, b.notices, b.digest
from
    ledger.batch_digests(
        '00000000-0000-0000-0000-000000000001', convert_to('a key for tests, 32 characters...', 'UTF8')
    ) as b;
insert into ledger.approval (campaign_run_id, digest, decision, decided_by, decided_at)
values (
    '00000000-0000-0000-0000-000000000001', 'of the run', 'approved', 'sato', '2026-10-02T10:30+09:00'
);

-- 1 delivered, 2 accepted, 3 unknown, 4 rejected, 5 cancelled, 6 failed; 7 and 8 wait, 9 was never in the line.
update ledger.notice
set
    state = 'claimed', claim_id = gen_random_uuid(), claimed_by = 'worker', gateway = 'karaden', attempt = 1,
    lease_until = '2026-10-02T11:10+09:00', state_changed_at = '2026-10-02T11:00+09:00', state_changed_by = 'send'
where batch = 1;
update ledger.notice
set
    state = case right(resident_id, 1) when '3' then 'unknown' when '4' then 'rejected' else 'accepted' end,
    reason = case right(resident_id, 1) when '4' then 'bad_number' end,
    gateway_message_id = case when right(resident_id, 1) not in ('3', '4') then 'm' || right(resident_id, 1) end,
    handed_over_at = case when right(resident_id, 1) not in ('3', '4') then timestamptz '2026-10-02T11:01+09:00' end,
    state_changed_at = '2026-10-02T11:01+09:00'
where batch = 1;
update ledger.notice
set
    state = case right(resident_id, 1) when '1' then 'delivered' when '5' then 'cancelled' else 'failed' end,
    reason = case right(resident_id, 1) when '5' then 'settled' when '6' then 'sending_error' end,
    received_at = case right(resident_id, 1) when '1' then timestamptz '2026-10-02T13:01+09:00' end,
    state_changed_at = '2026-10-02T13:02+09:00', state_changed_by = 'receipts'
where right(resident_id, 1) in ('1', '5', '6');
insert into ledger.receipt (
    notice_id, gateway, gateway_message_id, result, status, sent_result, received_at, gateway_updated_at, recorded_at
)
values (
    '00000000-0000-0000-0000-000000000001', 'karaden', 'm1', 'done', 'sent', 'success', '2026-10-02T13:01+09:00',
    '2026-10-02T13:01+09:00', '2026-10-02T13:02+09:00'
);
insert into ledger.outcome (notice_id, kind, settled_on, recorded_at)
values ('00000000-0000-0000-0000-000000000001', 'settled', '2026-10-03', '2026-10-04T06:30+09:00');
