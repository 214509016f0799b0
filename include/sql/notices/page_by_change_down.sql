/*
name:    notices/page_by_change_down
purpose: A page of a run's notices by the last change of their state, the newest first, from before a key on,
         which each state has for itself.
grain:   one row per notice
params:  campaign_run_id (uuid), is_by_state (bool), states (text[]), moments (timestamptz[]), notice_ids (uuid[]),
         reason (text), arm (text), carrier (text), last_four (text), first_id (uuid), last_id (uuid), most (int)
returns: notice_id, state, reason, arm, version, scheduled_at, handed_over_at, received_at, carrier, attempt,
         state_changed_at, settled_on, phone_masked, key_at
*/
with found as (
    select
        n.notice_id,
        n.key_at,
        s.place
    from
        unnest(:states ::text [], :moments ::timestamptz [], :notice_ids ::uuid []) with ordinality
        as s (state, after_at, after_id, place)
    cross join
        lateral (
            select
                n.notice_id,
                n.state_changed_at as key_at
            from ledger.notice as n
            where
                n.campaign_run_id = :campaign_run_id and n.state = s.state
                and (n.state_changed_at, n.notice_id) < (s.after_at, s.after_id)
                and ledger.is_wanted(n, :reason, :arm, :carrier, :last_four, :first_id, :last_id)
            order by n.state_changed_at desc, n.notice_id desc
            limit :most
        ) as n
    order by case when :is_by_state then s.place end, n.key_at desc, n.notice_id desc
    limit :most
)

select
    n.notice_id,
    n.state,
    n.reason,
    n.arm,
    n.version,
    n.scheduled_at,
    n.handed_over_at,
    n.received_at,
    n.carrier,
    n.attempt,
    n.state_changed_at,
    n.settled_on,
    n.phone_masked,
    f.key_at
from found as f
inner join ledger.listed_notice as n on f.notice_id = n.notice_id
order by case when :is_by_state then f.place end, f.key_at desc, f.notice_id desc;
