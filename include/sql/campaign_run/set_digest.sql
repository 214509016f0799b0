/*
name:    campaign_run/set_digest
purpose: Bind a run to the digest over its batches and the settings that made it.
grain:   one row
params:  campaign_run_id (uuid), composed_at (timestamptz)
returns: digest
*/
update ledger.campaign_run as r
set
    digest = encode(sha256(convert_to(r.settings_digest || coalesce((
        select string_agg(b.digest, '/' order by b.batch)
        from ledger.batch as b
        where b.campaign_run_id = :campaign_run_id
    ), ''), 'UTF8')), 'hex'),
    composed_at = :composed_at
where r.campaign_run_id = :campaign_run_id
returning r.digest;
