/*
name:    ledger/expire_given_back
purpose: What a sender has just given back of a run that was ended meanwhile: nobody would claim it any more.
grain:   one row per notice that expires
params:  notice_ids (uuid[]), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice as n
set state = 'expired', reason = r.closed_as, state_changed_at = :now, state_changed_by = :by
from ledger.campaign_run as r
where
    n.notice_id = any(:notice_ids ::uuid []) and n.state = 'planned'
    and n.campaign_run_id = r.campaign_run_id and r.closed_as is not null
returning n.notice_id;
