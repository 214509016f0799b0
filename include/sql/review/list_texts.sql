/*
name:    review/list_texts
purpose: The texts of a run as they arrive, with how many were to get each, and how many were handed over.
grain:   one row per text
params:  campaign_run_id (uuid)
returns: variant, version, body, parts, notices, handed_over
*/
select
    t.variant,
    t.version,
    t.body,
    t.parts,
    count(n.notice_id) as notices,
    count(n.handed_over_at) as handed_over
from ledger.message_text as t
inner join ledger.notice as n on t.text_id = n.text_id
where t.campaign_run_id = :campaign_run_id
group by t.text_id, t.variant, t.version, t.body, t.parts
order by t.variant, notices desc, t.body;
