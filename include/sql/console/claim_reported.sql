/*
name:    console/claim_reported
purpose: Notices of a file that was said not to be uploaded, and of which a result came back nevertheless: out of the
         line with them before they are written once more.
grain:   one row per notice
params:  notice_ids (uuid[]), claim_id (uuid), now (timestamptz), by (text)
returns: notice_id, gateway_message_id
*/
update ledger.notice
set
    state = 'claimed', reason = 'reported', claim_id = :claim_id, claimed_by = :by, lease_until = :now,
    state_changed_at = :now, state_changed_by = :by
where notice_id = any(:notice_ids ::uuid []) and state = 'planned' and reason = 'not_uploaded'
returning notice_id, gateway_message_id;
