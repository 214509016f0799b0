/*
name:    review/tally_notices
purpose: Everything that is counted on a run's page, in one pass over its notices: where they stand and why, for which
         hour they were booked, when their receipt was recorded, what they cost, when they were settled afterwards.
grain:   one row per combination of the columns before `notices`
params:  campaign_run_id (uuid), now (timestamptz)
returns: state, reason, arm, text_id, carrier, booked_hour, received_hour, is_handed_over, settled_on, notices, parts,
         charged_notices, parts_of_charged, charged_parts, lost_leases, first_booked_at, last_booked_at,
         first_handed_over_at, last_handed_over_at, first_received_at, last_received_at
*/
select
    n.state,
    n.reason,
    n.arm,
    n.text_id,
    case when n.state = 'delivered' then coalesce(n.carrier, 'unknown') end as carrier,
    date_bin('1 hour', n.scheduled_at, timestamptz 'epoch') as booked_hour,
    case
        when n.state in ('delivered', 'undelivered', 'failed')
            then date_bin('1 hour', n.state_changed_at, timestamptz 'epoch')
    end as received_hour,
    n.handed_over_at is not null as is_handed_over,
    o.settled_on,
    count(*) as notices,
    coalesce(sum(n.parts), 0) as parts,
    count(n.charged_parts) as charged_notices,
    coalesce(sum(n.parts) filter (where n.charged_parts is not null), 0) as parts_of_charged,
    coalesce(sum(n.charged_parts), 0) as charged_parts,
    count(*) filter (where n.state = 'claimed' and n.lease_until <= :now) as lost_leases,
    min(n.scheduled_at) as first_booked_at,
    max(n.scheduled_at) as last_booked_at,
    min(n.handed_over_at) as first_handed_over_at,
    max(n.handed_over_at) as last_handed_over_at,
    min(n.state_changed_at) filter (where n.state in ('delivered', 'undelivered', 'failed')) as first_received_at,
    max(n.state_changed_at) filter (where n.state in ('delivered', 'undelivered', 'failed')) as last_received_at
from ledger.notice as n
left join ledger.outcome as o on n.notice_id = o.notice_id and o.kind = 'settled'
where n.campaign_run_id = :campaign_run_id
group by 1, 2, 3, 4, 5, 6, 7, 8, 9;
