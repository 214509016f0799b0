/*
name:    review/tally_notices
purpose: Nearly everything that is counted on a run's page, in one pass over its notices: where they stand and why, for
         which hour they were booked, when their receipt was recorded, what they are charged. An arm only where no text
         says it: each further column of words costs a run of 200,000 notices some milliseconds.
grain:   one row per combination of the columns before `notices`
params:  campaign_run_id (uuid)
returns: state, reason, text_id, arm, carrier, booked_hour, received_hour, notices, handed_over, charged_notices,
         charged_parts, first_booked_at, last_booked_at, first_handed_over_at, last_handed_over_at, first_changed_at,
         last_changed_at
*/
select
    n.state,
    n.reason,
    n.text_id,
    case when n.text_id is null then n.arm end as arm,
    case when n.state = 'delivered' then coalesce(n.carrier, 'unknown') end as carrier,
    date_bin('1 hour', n.scheduled_at, timestamptz 'epoch') as booked_hour,
    case
        when n.state in ('delivered', 'undelivered', 'failed')
            then date_bin('1 hour', n.state_changed_at, timestamptz 'epoch')
    end as received_hour,
    count(*) as notices,
    count(n.handed_over_at) as handed_over,
    count(n.charged_parts) as charged_notices,
    coalesce(sum(n.charged_parts), 0) as charged_parts,
    min(n.scheduled_at) as first_booked_at,
    max(n.scheduled_at) as last_booked_at,
    min(n.handed_over_at) as first_handed_over_at,
    max(n.handed_over_at) as last_handed_over_at,
    min(n.state_changed_at) as first_changed_at,
    max(n.state_changed_at) as last_changed_at
from ledger.notice as n
where n.campaign_run_id = :campaign_run_id
group by 1, 2, 3, 4, 5, 6, 7;
