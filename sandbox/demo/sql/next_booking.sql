-- When the first of the messages that have not left the gateway by now will.
select min(n.scheduled_at) as first_at
from ledger.notice as n
where n.state = 'accepted' and n.scheduled_at > :now;
