/*
name:    campaign_run/load_campaign_run
purpose: A campaign run and, when enough persons approved the content that it has now, who and when.
grain:   one row
params:  campaign_run_id (uuid)
returns: campaign_run_id, campaign, occurrence_on, occurrence_at, digest, composed_at, opened_at, closed_as,
         closed_by, closed_reason, approvals_needed, approved_by, approved_at, purged_at, pseudonymised_at
*/
select
    r.campaign_run_id,
    r.campaign,
    r.occurrence_on,
    r.occurrence_at,
    r.digest,
    r.composed_at,
    r.opened_at,
    r.closed_as,
    r.closed_by,
    r.closed_reason,
    r.approvals_needed,
    a.approved_by,
    a.approved_at,
    r.purged_at,
    r.pseudonymised_at
from ledger.campaign_run as r
left join lateral (
    select
        string_agg(a.decided_by, '、' order by a.decided_at) as approved_by,
        max(a.decided_at) as approved_at
    from ledger.approval as a
    where a.campaign_run_id = r.campaign_run_id and a.digest = r.digest and a.decision = 'approved'
    having count(*) >= r.approvals_needed
) as a on true
where r.campaign_run_id = :campaign_run_id;
