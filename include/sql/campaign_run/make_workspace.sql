/*
name:    campaign_run/make_workspace
purpose: Room for one run's planning, gone with the transaction: the cohort, what the screening says of it, and the
         notices that would come of it.
*/
-- A cohort is sorted several times; the server's usual few megabytes would go to disk.
set local work_mem = '128MB';

create temporary table cohort (
    subject text not null primary key,
    resident_id text not null,
    due_on date,
    arrears_since date,
    fields jsonb not null
) on commit drop;

create temporary table screened (
    subject text not null primary key,
    resident_id text not null,
    due_on date,
    fields jsonb not null,
    phone_e164 text,
    reason text,
    arm text not null,
    place integer,
    ahead integer
) on commit drop;

create temporary table placed (
    subject text not null primary key,
    resident_id text not null,
    due_on date,
    phone_e164 text,
    state text not null,
    reason text,
    arm text not null,
    text_id uuid,
    parts smallint,
    batch integer,
    scheduled_at timestamptz,
    limited_at timestamptz
) on commit drop;
