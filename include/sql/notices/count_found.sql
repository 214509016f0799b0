/*
name:    notices/count_found
purpose: How many notices of a run a person's search finds.
grain:   one row
params:  campaign_run_id (uuid), states (text[]), reason (text), arm (text), carrier (text), last_four (text),
         first_id (uuid), last_id (uuid)
returns: notices
*/
select count(*) as notices
from ledger.notice as n
where
    n.campaign_run_id = :campaign_run_id and n.state = any(:states ::text [])
    and ledger.is_wanted(n, :reason, :arm, :carrier, :last_four, :first_id, :last_id);
