/*
name:    ledger/apply_receipts
purpose: Keep every receipt that says something new, and move the notices that it concerns. Receipts only add
         knowledge: repeated ones change nothing, and nothing is taken back from a delivered notice. A receipt is an
         object with notice_id, gateway_message_id, state, reason, result, status, sent_result, carrier, charged_parts,
         sent_at, received_at, updated_at.
grain:   one row per notice moved
params:  gateway (text), now (timestamptz), by (text), receipts (jsonb)
returns: notice_id, state
*/
with reported as (
    select r.*
    from
        jsonb_to_recordset(:receipts ::jsonb) as r (
            notice_id uuid,
            gateway_message_id text,
            state text,
            reason text,
            result text,
            status text,
            sent_result text,
            carrier text, charged_parts smallint, sent_at timestamptz, received_at timestamptz, updated_at timestamptz
        )
    -- Only what the ledger handed over itself: another message with our tag is no receipt of ours.
    inner join ledger.notice as n
        on r.notice_id = n.notice_id and r.gateway_message_id = n.gateway_message_id and n.gateway = :gateway
),

kept as (
    insert into ledger.receipt (
        notice_id, gateway, gateway_message_id, result, status, sent_result, carrier, charged_parts, sent_at,
        received_at, gateway_updated_at, recorded_at
    )
    select
        r.notice_id,
        :gateway,
        r.gateway_message_id,
        r.result,
        r.status,
        r.sent_result,
        r.carrier,
        r.charged_parts,
        r.sent_at,
        r.received_at,
        r.updated_at,
        :now
    from reported as r
    on conflict do nothing
    returning notice_id
),

latest as (
    select distinct on (r.notice_id) r.*
    from reported as r
    where r.state is not null
    order by r.notice_id, (r.state = 'delivered') desc, r.updated_at desc
)

update ledger.notice as n
set
    state = l.state,
    reason = case when l.state = 'cancelled' then coalesce(n.cancel_reason, l.reason) else l.reason end,
    carrier = l.carrier,
    charged_parts = l.charged_parts,
    sent_at = l.sent_at,
    received_at = l.received_at,
    state_changed_at = :now,
    state_changed_by = :by
from latest as l
inner join ledger.transition as t on l.state = t.to_state
where n.notice_id = l.notice_id and n.state = t.from_state and n.state <> l.state
returning n.notice_id, n.state;
