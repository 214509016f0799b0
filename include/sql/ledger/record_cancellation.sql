/*
name:    ledger/record_cancellation
purpose: A booking that the gateway says it has cancelled.
grain:   one row
params:  notice_id (uuid), reason (text), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice
set state = 'cancelled', reason = :reason, state_changed_at = :now, state_changed_by = :by
where notice_id = :notice_id and state = 'accepted'
returning notice_id;
