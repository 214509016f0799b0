/*
name:    console/record_upload
purpose: Files that are known to have been uploaded, by a person's word or by a result that came back: the console has
         every notice in them.
grain:   one row per notice
params:  gateway (text), files (text[]), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice
set
    state = 'accepted', reason = null, handed_over_at = :now, claim_id = null,
    state_changed_at = :now, state_changed_by = :by
where
    state = 'unknown' and reason = 'in_upload_file' and gateway = :gateway
    and split_part(gateway_message_id, ':', 1) = any(:files ::text [])
returning notice_id;
