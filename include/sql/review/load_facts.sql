/*
name:    review/load_facts
purpose: When a run was ended, and what settles the matters that it is about (levy, plan, check_up, information; null
         when it has no notice).
grain:   one row
params:  campaign_run_id (uuid)
returns: closed_at, subject_kind
*/
select
    r.closed_at,
    (
        select records.subject_kind(n.subject)
        from ledger.notice as n
        where n.campaign_run_id = r.campaign_run_id
        limit 1
    ) as subject_kind
from ledger.campaign_run as r
where r.campaign_run_id = :campaign_run_id;
