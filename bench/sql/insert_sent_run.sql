/*
name:    bench/insert_sent_run
purpose: A run that was planned, approved and handed over, of so many notices in every state that there is, with a
         receipt for most and a settlement after the send for a quarter. Written past the triggers: bringing each notice
         there by permitted steps is not what is measured.
grain:   one row
params:  occurrence_on (text), notices (int)
returns: campaign_run_id
*/
with run as (
    insert into ledger.campaign_run (
        campaign, occurrence_on, occurrence_at, opened_at, opened_by, digest, composed_at, section, season, call_rate
    )
    select
        'nhi_overdue',
        o.occurrence_on,
        o.occurrence_on + interval '1 hour',
        o.occurrence_on + interval '1 hour',
        'bench',
        'digest',
        o.occurrence_on + interval '1 hour',
        'premium',
        extract(year from o.occurrence_on),
        0
    from (select :occurrence_on ::date as occurrence_on) as o
    returning campaign_run_id, occurrence_on
),

approval as (
    insert into ledger.approval (campaign_run_id, digest, decision, decided_by, decided_at)
    select
        r.campaign_run_id,
        'digest',
        'approved',
        'sato',
        r.occurrence_on + interval '2 hours'
    from run as r
),

message_text as (
    insert into ledger.message_text (campaign_run_id, variant, version, body, parts)
    select
        r.campaign_run_id,
        v.variant,
        1,
        repeat('あ', 110),
        2
    from run as r
    cross join (values ('plain'), ('relief')) as v (variant)
    returning text_id, variant, campaign_run_id
),

-- Of 100 numbers: who is left out, who is sent to, and how that ended.
person as (
    select
        k,
        case
            when k % 100 < 14 then 'suppressed'
            when k % 100 < 19 then 'held_out'
            when k % 100 < 22 then 'deferred'
            when k % 100 < 23 then 'rejected'
            when k % 100 < 24 then 'expired'
            when k % 100 < 25 then 'unknown'
            when k % 100 < 28 then 'cancelled'
            when k % 100 < 30 then 'failed'
            when k % 100 < 36 then 'undelivered'
            when k % 100 < 40 then 'accepted'
            else 'delivered'
        end as state,
        case when k % 2 = 0 then 'plain' else 'relief' end as variant,
        -- Over ten days of eight hours.
        (k / 100) % 80 as slot
    from generate_series(1, :notices ::int) as k
),

notice as (
    insert into ledger.notice (
        campaign_run_id, campaign, subject, resident_id, due_on, phone_e164, state, reason, arm, text_id, parts, batch,
        scheduled_at, limited_at, gateway, attempt, handed_over_at, gateway_message_id, carrier, charged_parts,
        sent_at, received_at, state_changed_at, state_changed_by
    )
    select
        r.campaign_run_id,
        'nhi_overdue',
        concat_ws('/', 'nhi', r.occurrence_on, lpad(p.k::text, 10, '0')),
        lpad(p.k::text, 10, '0'),
        r.occurrence_on - 2,
        '+8190' || lpad(p.k::text, 8, '0'),
        p.state,
        case p.state
            when 'suppressed'
                then (array['settled', 'on_plan', 'direct_debit', 'no_phone', 'phone_unusable', 'in_consultation'])[
                    p.k / 100 % 6 + 1
                ]
            when 'rejected' then 'invalid_to'
            when 'expired' then 'window_closed'
            when 'unknown' then 'not_found'
            when 'cancelled' then 'settled'
            when 'failed' then 'done/error'
            when 'undelivered' then (array['done/power_off', 'done/no_service', 'done/expired'])[p.k / 100 % 3 + 1]
        end,
        case
            when p.state = 'held_out' then 'hold_out'
            when p.state <> 'suppressed' then p.variant
        end,
        case when p.state not in ('suppressed', 'held_out') then t.text_id end,
        case when p.state not in ('suppressed', 'held_out') then 2 end,
        case when p.state not in ('suppressed', 'held_out', 'deferred') then p.k / 100 end,
        case when p.state not in ('suppressed', 'held_out', 'deferred') then w.leaves_at end,
        case when p.state not in ('suppressed', 'held_out', 'deferred') then w.leaves_at + interval '7 hours' end,
        case when p.k % 100 >= 22 then 'karaden' end,
        1,
        case when p.k % 100 >= 25 then r.occurrence_on + interval '2 hours' + p.k * interval '0.1 second' end,
        case when p.k % 100 >= 25 then p.k::text || '/' || r.occurrence_on end,
        case
            when p.k % 100 >= 40 or p.k % 100 between 28 and 35
                then (array['docomo', 'au', 'softbank', 'rakuten'])[p.k % 4 + 1]
        end,
        case when p.k % 100 >= 40 then 2 end,
        case when p.k % 100 >= 40 then w.leaves_at end,
        case when p.k % 100 >= 40 then w.leaves_at + interval '1 minute' end,
        case when p.k % 100 >= 25 then w.leaves_at + interval '15 minutes' else r.occurrence_on + interval '1 hour' end,
        'bench'
    from person as p
    cross join run as r
    inner join message_text as t on p.variant = t.variant
    cross join lateral (
        select
            r.occurrence_on + interval '3 hours' + p.slot / 8 * interval '1 day' + p.slot % 8 * interval '1 hour'
            + p.k % 100 * interval '36 seconds' as leaves_at
    ) as w
    returning notice_id, state, gateway_message_id, carrier, charged_parts, sent_at, received_at, state_changed_at
),

receipt as (
    insert into ledger.receipt (
        notice_id, gateway, gateway_message_id, result, status, sent_result, carrier, charged_parts, sent_at,
        received_at, gateway_updated_at, recorded_at
    )
    select
        n.notice_id,
        'karaden',
        n.gateway_message_id,
        'done',
        'done',
        n.state,
        n.carrier,
        n.charged_parts,
        n.sent_at,
        n.received_at,
        n.state_changed_at,
        n.state_changed_at
    from notice as n
    where n.state in ('delivered', 'undelivered', 'failed', 'cancelled')
),

outcome as (
    insert into ledger.outcome (notice_id, kind, settled_on, recorded_at)
    select
        n.notice_id,
        'settled',
        (n.state_changed_at + ascii(substr(n.notice_id::text, 2, 1)) % 12 * interval '1 day')::date,
        n.state_changed_at + interval '13 days'
    from notice as n
    where n.state in ('delivered', 'accepted') and substr(n.notice_id::text, 1, 1) < '5'
)

select r.campaign_run_id
from run as r;
