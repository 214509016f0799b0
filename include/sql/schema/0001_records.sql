/*
name:    schema/0001_records
purpose: What the business system says. Every fact is kept with the time at which it became known here and the time at
         which another version of it took its place, so that "as known at" is a filter on two columns.
*/
create schema if not exists records;

create domain records.scheme as text check (value in ('nhi', 'late_elderly'));

create table records.resident (
    resident_id text not null,
    household_id text not null,
    is_head boolean not null,
    birth_on date not null,
    status text not null check (status in ('resident', 'moved_out', 'deceased')),
    is_protected boolean not null default false,
    language text not null default 'ja',
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (resident_id, recorded_at)
);
create unique index resident_current on records.resident (resident_id) where superseded_at = 'infinity';
create index resident_household on records.resident (household_id);

create table records.contact (
    resident_id text not null,
    contact_no smallint not null,
    phone_raw text not null,
    phone_e164 text,
    phone_type text not null,
    unusable_reason text,
    confirmed_on date,
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (resident_id, contact_no, recorded_at),
    check ((phone_e164 is null) = (unusable_reason is not null))
);
create unique index contact_current on records.contact (resident_id, contact_no) where superseded_at = 'infinity';
create index contact_phone on records.contact (phone_e164) where phone_e164 is not null;

create table records.enrolment (
    resident_id text not null,
    scheme records.scheme not null,
    enrolled_on date not null,
    left_on date,
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (resident_id, scheme, enrolled_on, recorded_at)
);
create unique index enrolment_current on records.enrolment (resident_id, scheme, enrolled_on)
where superseded_at = 'infinity';

-- The subject of a premium reminder is one instalment of one obligor; a late assessment (for_year before levy_year)
-- falls under the same subject as the instalment that it is billed with.
create table records.levy (
    levy_id text not null,
    scheme records.scheme not null,
    obligor_id text not null,
    levy_year smallint not null,
    for_year smallint not null,
    instalment smallint not null check (instalment between 1 and 12),
    due_on date not null,
    amount_yen integer not null check (amount_yen >= 0),
    collection text not null check (collection in ('ordinary', 'direct_debit', 'pension')),
    subject text not null generated always as (
        scheme::text || '/' || levy_year::text || '/' || instalment::text || '/' || obligor_id
    ) stored,
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (levy_id, recorded_at)
);
create unique index levy_current on records.levy (levy_id) where superseded_at = 'infinity';
create index levy_subject on records.levy (subject);
create index levy_due on records.levy (scheme, due_on);

-- A preliminary record (速報) is superseded by the confirmed one (確報) of the same payment_id, or followed by a
-- reversal (速報取消) of its own payment_id with a negative amount.
create table records.payment (
    payment_id text not null,
    levy_id text not null,
    amount_yen integer not null check (amount_yen <> 0),
    paid_on date not null,
    channel text not null check (channel in ('convenience_store', 'app', 'bank', 'direct_debit', 'pension', 'counter')),
    stage text not null check (stage in ('preliminary', 'confirmed', 'reversal')),
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (payment_id, recorded_at),
    check ((stage = 'reversal') = (amount_yen < 0))
);
create unique index payment_current on records.payment (payment_id) where superseded_at = 'infinity';
create index payment_levy on records.payment (levy_id);
create index payment_recorded on records.payment (recorded_at);

create table records.plan (
    plan_id text not null,
    scheme records.scheme not null,
    obligor_id text not null,
    agreed_on date not null,
    status text not null check (status in ('active', 'completed', 'cancelled')),
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (plan_id, recorded_at)
);
create unique index plan_current on records.plan (plan_id) where superseded_at = 'infinity';
create index plan_obligor on records.plan (obligor_id);

create table records.plan_instalment (
    plan_id text not null,
    instalment smallint not null check (instalment >= 1),
    due_on date not null,
    amount_yen integer not null check (amount_yen > 0),
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (plan_id, instalment, recorded_at)
);
create unique index plan_instalment_current on records.plan_instalment (plan_id, instalment)
where superseded_at = 'infinity';

create table records.plan_levy (
    plan_id text not null,
    levy_id text not null,
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (plan_id, levy_id, recorded_at)
);
create unique index plan_levy_current on records.plan_levy (plan_id, levy_id) where superseded_at = 'infinity';
create index plan_levy_levy on records.plan_levy (levy_id);

-- Why the premium section must not remind somebody just now.
create table records.hold (
    hold_id text not null,
    resident_id text not null,
    kind text not null check (kind in (
        'deferral_pending', 'reduction_pending', 'enforcement', 'suspended_enforcement', 'bankruptcy', 'disputed',
        'in_consultation'
    )),
    from_on date not null,
    until_on date,
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (hold_id, recorded_at)
);
create unique index hold_current on records.hold (hold_id) where superseded_at = 'infinity';
create index hold_resident on records.hold (resident_id);

create table records.screening_voucher (
    resident_id text not null,
    fiscal_year smallint not null,
    posted_on date not null,
    exclusion text check (exclusion in ('pregnant', 'in_hospital', 'care_facility')),
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (resident_id, fiscal_year, recorded_at)
);
create unique index screening_voucher_current on records.screening_voucher (resident_id, fiscal_year)
where superseded_at = 'infinity';

create table records.screening (
    resident_id text not null,
    fiscal_year smallint not null,
    screened_on date not null,
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (resident_id, fiscal_year, recorded_at)
);
create unique index screening_current on records.screening (resident_id, fiscal_year) where superseded_at = 'infinity';

-- A resident asked not to be sent SMS; a number alone when nobody could be identified from the call.
create table records.opt_out (
    opt_out_id text not null,
    resident_id text,
    phone_e164 text,
    from_on date not null,
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (opt_out_id, recorded_at),
    check (resident_id is not null or phone_e164 is not null)
);
create unique index opt_out_current on records.opt_out (opt_out_id) where superseded_at = 'infinity';
create index opt_out_resident on records.opt_out (resident_id);
create index opt_out_phone on records.opt_out (phone_e164);

create table records.load (
    load_id bigint generated always as identity primary key,
    extract text not null,
    file_name text not null,
    sha256 bytea not null,
    as_of timestamptz not null,
    rows_read bigint not null,
    rows_loaded bigint not null,
    rows_unchanged bigint not null,
    rows_rejected bigint not null,
    recorded_at timestamptz not null
);
create index load_extract on records.load (extract, as_of);

create table records.load_reject (
    load_id bigint not null references records.load (load_id),
    line_number bigint not null,
    column_name text not null,
    code text not null,
    message text not null,
    primary key (load_id, line_number, column_name)
);
