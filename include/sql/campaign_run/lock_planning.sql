/*
name:    campaign_run/lock_planning
purpose: One run is planned at a time, of whatever campaign: each has to see whom the others remind, and their bookings.
         Held until the transaction ends.
grain:   one row
params:
returns: pg_advisory_xact_lock
*/
select pg_advisory_xact_lock(hashtextextended('oshirase/planning', 0));
