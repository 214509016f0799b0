/*
name:    ledger/record_cancellation
purpose: What became of the attempt to cancel a booking. Only the gateway's word makes the notice cancelled; anything
         else is kept beside it, and the message may still arrive.
grain:   one row
params:  notice_id (uuid), outcome (text), reason (text), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice
set
    state = case when :outcome ::text = 'cancelled' then 'cancelled' else state end,
    reason = case when :outcome ::text = 'cancelled' then :reason ::text else reason end,
    cancel_outcome = :outcome,
    cancel_reason = :reason,
    cancel_tried_at = :now,
    state_changed_at = case when :outcome ::text = 'cancelled' then :now ::timestamptz else state_changed_at end,
    state_changed_by = case when :outcome ::text = 'cancelled' then :by ::text else state_changed_by end
where notice_id = :notice_id and state = 'accepted'
returning notice_id;
