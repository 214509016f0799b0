/*
name:    ledger/record_look_ups
purpose: What the gateway's look-up by tag says of notices with an unknown outcome: found, or not found. One that was
         sent again and became unknown anew meanwhile has to settle first.
grain:   one row per notice
params:  notice_ids (uuid[]), gateway_message_ids (text[]), settled_before (timestamptz), now (timestamptz), by (text)
returns: notice_id, state
*/
update ledger.notice as n
set
    state = case when l.gateway_message_id is not null then 'accepted' else n.state end,
    reason = case when l.gateway_message_id is null then 'not_found' end,
    gateway_message_id = l.gateway_message_id,
    handed_over_at = case when l.gateway_message_id is not null then :now ::timestamptz end,
    claim_id = null,
    state_changed_at = case
        when l.gateway_message_id is null and n.reason = 'not_found' then n.state_changed_at else :now
    end,
    state_changed_by = :by
from
    unnest(:notice_ids ::uuid [], :gateway_message_ids ::text []) as l (notice_id, gateway_message_id)
where n.notice_id = l.notice_id and n.state = 'unknown' and n.state_changed_at <= :settled_before
returning n.notice_id, n.state;
