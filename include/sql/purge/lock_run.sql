/*
name:    purge/lock_run
purpose: Hold a run while something of it is purged, so that nobody plans it anew meanwhile; null when somebody has.
grain:   one row
params:  campaign_run_id (uuid)
returns: is_at_rest
*/
select
    not exists (
        select 1
        from ledger.notice as n
        where n.campaign_run_id = r.campaign_run_id and n.state in ('planned', 'claimed')
    ) as is_at_rest
from ledger.campaign_run as r
where r.campaign_run_id = :campaign_run_id
for update of r;
