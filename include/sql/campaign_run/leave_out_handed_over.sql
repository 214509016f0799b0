/*
name:    campaign_run/leave_out_handed_over
purpose: Take out of the cohort what the run has handed over already, or tried to: planning anew does not touch it.
grain:   one row per cohort member taken out
params:  campaign_run_id (uuid)
returns: subject
*/
delete from cohort as c
using ledger.notice as n, ledger.notice_state as s
where
    n.campaign_run_id = :campaign_run_id and n.subject = c.subject
    and n.state = s.state and not s.is_open
returning c.subject;
