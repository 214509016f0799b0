-- Where every cohort member of one occurrence stands: counts by state and reason.
select
    n.state,
    n.reason,
    count(*) as notices,
    count(*) filter (where n.handed_over_at is not null) as handed_over
from ledger.notice as n
inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
where r.campaign = :campaign and r.occurrence_on = :occurrence_on
group by n.state, n.reason
order by n.state, n.reason;
