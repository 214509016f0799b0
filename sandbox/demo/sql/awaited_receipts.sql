-- How many messages have left by now without a final word of the gateway.
select count(*) as notices
from ledger.notice as n
where n.state = 'accepted' and n.scheduled_at <= :now;
