/*
name:    review/list_texts
purpose: The texts of a run as they arrive.
grain:   one row per text
params:  campaign_run_id (uuid)
returns: text_id, variant, version, body, parts
*/
select
    t.text_id,
    t.variant,
    t.version,
    t.body,
    t.parts
from ledger.message_text as t
where t.campaign_run_id = :campaign_run_id
order by t.variant, t.body;
