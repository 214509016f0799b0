/*
name:    campaign_run/count_changes
purpose: How many notices of a run would not be what they are if it were planned now: somebody more or less in the line,
         another telephone, another text, or a booking whose send window has closed. What a sender has taken since the
         cohort was selected is no change.
grain:   one row
params:  campaign_run_id (uuid), now (timestamptz)
returns: changes
*/
with kept as (
    select
        n.subject,
        n.state,
        n.phone_e164,
        n.text_id,
        n.limited_at,
        s.is_open
    from ledger.notice as n
    inner join ledger.notice_state as s on n.state = s.state
    -- What only a hash is left of was taken out of the cohort.
    where n.campaign_run_id = :campaign_run_id and n.pseudonymised_at is null
)

select count(*) as changes
from kept as o
full join placed as p on o.subject = p.subject
where
    coalesce(o.is_open, true)
    and (
        (coalesce(o.state, '') = 'planned') <> (coalesce(p.state, '') = 'planned')
        or (o.state = 'planned' and (o.phone_e164, o.text_id) is distinct from (p.phone_e164, p.text_id))
        or (o.state = 'planned' and o.limited_at <= :now)
    );
