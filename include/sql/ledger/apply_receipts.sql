/*
name:    ledger/apply_receipts
purpose: Keep every receipt that says something new, and move the notices that it concerns. Receipts only add
         knowledge: repeated ones change nothing, and nothing is taken back from a delivered notice. A receipt is an
         object with notice_id, gateway_message_id, state, reason, result, status, sent_result, carrier, charged_parts,
         sent_at, received_at, updated_at.
grain:   one row per notice changed
params:  gateway (text), now (timestamptz), by (text), receipts (jsonb)
returns: notice_id, state, is_moved
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
    -- One by one, by its id: a planner that knows little of the gateway's column reads all of its notices instead.
    inner join lateral (
        select
            n.gateway,
            n.gateway_message_id
        from ledger.notice as n
        where n.notice_id = r.notice_id
        limit 1
        -- Only what the ledger handed over itself: another message with our tag is no receipt of ours.
    ) as n on r.gateway_message_id = n.gateway_message_id and n.gateway = :gateway
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
),

-- A message that went out after all is told so, unless its subject, freed by the cancellation that was reported, has
-- been taken by another notice: then the state stays, and what the receipt says is kept beside it.
weighed as (
    select
        l.*,
        n.state as old_state,
        case
            when was.is_live or not is_now.is_live then l.state
            -- Whether its subject was taken can not be told by a hash.
            when n.pseudonymised_at is not null then n.state
            when row_number() over (
                partition by n.campaign, n.subject, not was.is_live and is_now.is_live
                order by l.updated_at, l.notice_id
            ) > 1 then n.state
            when exists (
                select 1
                from ledger.notice as other
                where
                    other.campaign = n.campaign and other.subject = n.subject and other.notice_id <> n.notice_id
                    and other.state in (
                        'planned', 'claimed', 'unknown', 'accepted', 'delivered', 'undelivered', 'failed'
                    )
            ) then n.state
            else l.state
        end as new_state
    from latest as l
    inner join ledger.notice as n on l.notice_id = n.notice_id
    inner join ledger.notice_state as was on n.state = was.state
    inner join ledger.notice_state as is_now on l.state = is_now.state
),

change as (
    select
        w.*,
        w.old_state <> w.new_state as is_moved
    from weighed as w
    inner join ledger.notice as n on w.notice_id = n.notice_id
    left join ledger.transition as t on w.old_state = t.from_state and w.new_state = t.to_state
    where
        t.to_state is not null
        -- The same state again: what was charged may be known only now.
        or (
            w.old_state = w.new_state
            and (n.carrier, n.charged_parts, n.received_at) is distinct from (w.carrier, w.charged_parts, w.received_at)
        )
)

update ledger.notice as n
set
    state = c.new_state,
    reason = case
        when not c.is_moved then n.reason
        when c.new_state = 'cancelled' then coalesce(n.cancel_reason, c.reason)
        else c.reason
    end,
    carrier = coalesce(c.carrier, n.carrier),
    charged_parts = coalesce(c.charged_parts, n.charged_parts),
    sent_at = coalesce(c.sent_at, n.sent_at),
    received_at = coalesce(c.received_at, n.received_at),
    state_changed_at = case when c.is_moved then :now ::timestamptz else n.state_changed_at end,
    state_changed_by = case when c.is_moved then :by ::text else n.state_changed_by end
from change as c
where n.notice_id = c.notice_id
returning n.notice_id, n.state, c.is_moved;
