/*
name:    ledger/suppress_reminded
purpose: Receipts may say that a message went out after all whose cancellation had freed its subject: whoever is in the
         line of a later run for the same subject was reminded already. A receipt is an object with notice_id,
         gateway_message_id and state.
grain:   one row per notice taken out of the line
params:  gateway (text), now (timestamptz), by (text), receipts (jsonb)
returns: notice_id
*/
with told as (
    select
        n.notice_id,
        n.campaign,
        n.subject,
        n.state as old_state,
        r.state as new_state
    from jsonb_to_recordset(:receipts ::jsonb) as r (notice_id uuid, gateway_message_id text, state text)
    -- One by one, by its id, as in ledger/apply_receipts.
    inner join lateral (
        select
            n.notice_id,
            n.campaign,
            n.subject,
            n.state,
            n.gateway,
            n.gateway_message_id
        from ledger.notice as n
        where n.notice_id = r.notice_id
        limit 1
    ) as n on r.gateway_message_id = n.gateway_message_id and n.gateway = :gateway
)

update ledger.notice as n
set state = 'suppressed', reason = 'already_reminded', state_changed_at = :now, state_changed_by = :by
from told as m
inner join ledger.notice_state as was on m.old_state = was.state and not was.is_live
inner join ledger.notice_state as is_now on m.new_state = is_now.state and is_now.is_live
inner join ledger.transition as t on m.old_state = t.from_state and m.new_state = t.to_state
where
    n.campaign = m.campaign and n.subject = m.subject and n.notice_id <> m.notice_id
    and n.state = 'planned'
returning n.notice_id;
