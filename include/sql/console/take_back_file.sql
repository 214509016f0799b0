/*
name:    console/take_back_file
purpose: A file that a person says was not uploaded, and that is removed: its notices go back into the line. Which file
         it was stays beside them.
grain:   one row per notice
params:  gateway (text), file (text), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice
set
    state = 'planned', reason = 'not_uploaded', claim_id = null, claimed_by = null,
    state_changed_at = :now, state_changed_by = :by
where
    state = 'unknown' and reason = 'in_upload_file' and gateway = :gateway
    and split_part(gateway_message_id, ':', 1) = :file
returning notice_id;
