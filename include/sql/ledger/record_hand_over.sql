/*
name:    ledger/record_hand_over
purpose: Record what the gateway said of claimed notices. Only the worker that holds the claim can: one that comes back
         late finds nothing to record.
grain:   one row per notice still held by the claim
params:  claim_id (uuid), now (timestamptz), by (text), notice_ids (uuid[]), states (text[]), reasons (text[]),
         gateway_message_ids (text[])
returns: notice_id
*/
update ledger.notice as n
set
    state = o.state,
    reason = o.reason,
    gateway_message_id = o.gateway_message_id,
    handed_over_at = case when o.state = 'accepted' then :now ::timestamptz end,
    claim_id = case when o.state = 'unknown' then n.claim_id end,
    claimed_by = case when o.state <> 'planned' then n.claimed_by end,
    lease_until = null,
    state_changed_at = :now,
    state_changed_by = :by
from
    unnest(:notice_ids ::uuid [], :states ::text [], :reasons ::text [], :gateway_message_ids ::text [])
    as o (notice_id, state, reason, gateway_message_id)
where n.notice_id = o.notice_id and n.claim_id = :claim_id and n.state = 'claimed'
returning n.notice_id;
