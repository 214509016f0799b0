-- When the next messages that have not left the gateway by now will.
select n.scheduled_at
from ledger.notice as n
where n.state = 'accepted' and n.scheduled_at > :now
order by n.scheduled_at
limit :most;
