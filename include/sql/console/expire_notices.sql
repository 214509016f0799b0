/*
name:    console/expire_notices
purpose: Some planned notices will not be sent any more.
grain:   one row per notice
params:  notice_ids (uuid[]), reason (text), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice
set state = 'expired', reason = :reason, state_changed_at = :now, state_changed_by = :by
where notice_id = any(:notice_ids ::uuid []) and state = 'planned'
returning notice_id;
