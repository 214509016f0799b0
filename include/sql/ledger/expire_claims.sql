/*
name:    ledger/expire_claims
purpose: Claims whose worker did not come back in time: nobody knows whether it called. The worker, should it come back,
         holds the claim no more and can record nothing.
grain:   one row per notice
params:  now (timestamptz), by (text)
returns: notice_id
*/
update ledger.notice
set
    state = 'unknown', reason = 'lease_expired', claim_id = null, lease_until = null,
    state_changed_at = :now, state_changed_by = :by
where state = 'claimed' and lease_until <= :now
returning notice_id;
