/*
name:    ledger/expire_notices
purpose: Nothing of a closed run that has not been claimed will be sent any more.
grain:   one row per notice still planned
params:  campaign_run_id (uuid), reason (text), now (timestamptz), by (text)
returns: nothing
*/
update ledger.notice
set state = 'expired', reason = :reason, state_changed_at = :now, state_changed_by = :by
where campaign_run_id = :campaign_run_id and state = 'planned';
