/*
name:    campaign_run/lock_campaign_run
purpose: Hold a campaign run for this transaction, so that nobody else plans, decides or closes it meanwhile.
grain:   one row
params:  campaign_run_id (uuid)
returns: composed_at, digest, settings_digest, closed_as, purged_at
*/
select
    r.composed_at,
    r.digest,
    r.settings_digest,
    r.closed_as,
    r.purged_at
from ledger.campaign_run as r
where r.campaign_run_id = :campaign_run_id
for update;
