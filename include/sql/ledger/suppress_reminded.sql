/*
name:    ledger/suppress_reminded
purpose: Receipts may say that a message went out after all whose cancellation had freed its subject: whoever is in the
         line of a later run for the same subject was reminded already. A receipt is an object with notice_id,
         gateway_message_id and state.
grain:   one row per notice taken out of the line
params:  gateway (text), now (timestamptz), by (text), receipts (jsonb)
returns: notice_id
*/
update ledger.notice as n
set state = 'suppressed', reason = 'already_reminded', state_changed_at = :now, state_changed_by = :by
from
    jsonb_to_recordset(:receipts ::jsonb) as r (notice_id uuid, gateway_message_id text, state text)
inner join ledger.notice as told
    on r.notice_id = told.notice_id and r.gateway_message_id = told.gateway_message_id and told.gateway = :gateway
inner join ledger.notice_state as was on told.state = was.state and not was.is_live
inner join ledger.notice_state as is_now on r.state = is_now.state and is_now.is_live
inner join ledger.transition as t on told.state = t.from_state and r.state = t.to_state
where
    n.campaign = told.campaign and n.subject = told.subject and n.notice_id <> told.notice_id
    and n.state = 'planned'
returning n.notice_id;
