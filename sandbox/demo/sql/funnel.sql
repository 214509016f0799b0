-- Where every cohort member of one occurrence stands: counts by state and reason. Settled since: by all that is known.
select
    n.state,
    n.reason,
    count(*) as notices,
    count(*) filter (where n.handed_over_at is not null) as handed_over,
    count(*) filter (
        where n.state = 'delivered' and (select s.is_settled from records.settlement(n.subject, :known_at) as s)
    ) as settled_since
from ledger.notice as n
inner join ledger.campaign_run as r on n.campaign_run_id = r.campaign_run_id
where r.campaign = :campaign and r.occurrence_on = :occurrence_on
group by n.state, n.reason
order by n.state, n.reason;
