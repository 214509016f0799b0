/*
name:    console/give_back_claims
purpose: Give back what somebody claimed for a file of a console and did not record. A file is put before people only
         after it is recorded, and only by who holds the claim: so nobody has seen one, and the claim's holder, should
         it come back, can record nothing.
grain:   one row per notice
params:  gateway (text), campaign_run_id (uuid), batches (int[]), now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice
set
    state = 'planned', reason = 'given_back', claim_id = null, claimed_by = null, lease_until = null,
    state_changed_at = :now, state_changed_by = :by
where
    campaign_run_id = :campaign_run_id and gateway = :gateway and batch = any(:batches ::int [])
    and (state = 'claimed' or (state = 'unknown' and reason = 'lease_expired'))
returning notice_id;
