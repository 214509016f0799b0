/*
name:    purge/blank_texts
purpose: Take away the texts of a run that no notice with a number is left for.
grain:   one row per text
params:  campaign_run_id (uuid)
returns: text_id
*/
update ledger.message_text as t
set body = null
where
    t.campaign_run_id = :campaign_run_id and t.body is not null
    and not exists (
        select 1
        from ledger.notice as n
        where n.campaign_run_id = t.campaign_run_id and n.text_id = t.text_id and n.purged_at is null
    )
returning t.text_id;
