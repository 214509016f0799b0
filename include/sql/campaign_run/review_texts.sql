/*
name:    campaign_run/review_texts
purpose: The texts of a run as they will arrive, with how many get each; none of them when they have been purged.
grain:   one row per text
params:  campaign_run_id (uuid)
returns: variant, version, body, parts, notices
*/
select
    t.variant,
    t.version,
    t.body,
    t.parts,
    count(n.notice_id) as notices
from ledger.message_text as t
left join ledger.notice as n on t.text_id = n.text_id and n.state = 'planned'
where t.campaign_run_id = :campaign_run_id and t.body is not null
group by t.text_id, t.variant, t.version, t.body, t.parts
order by t.variant, notices desc, t.body;
