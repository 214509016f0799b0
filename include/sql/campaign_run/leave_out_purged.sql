/*
name:    campaign_run/leave_out_purged
purpose: Take out of the cohort what the run has a notice for of which only a hash is left.
grain:   one row per cohort member taken out
params:  campaign_run_id (uuid), key (bytea)
returns: subject
*/
delete from cohort as c
using ledger.notice as n
where
    n.campaign_run_id = :campaign_run_id and n.pseudonymised_at is not null
    and n.subject = ledger.blank_subject(c.subject, :key)
returning c.subject;
