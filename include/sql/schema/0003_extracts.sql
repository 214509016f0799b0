/*
name:    schema/0003_extracts
purpose: What loading the business system's extracts needs: telephone inquiries, files that were refused, and the one
         comparison of what arrived with what is known.
*/

-- A telephone call that a section received; the resident when the section knew who called.
create table records.inquiry (
    inquiry_id text not null,
    received_on date not null,
    section text not null,
    resident_id text,
    recorded_at timestamptz not null,
    superseded_at timestamptz not null default 'infinity',
    primary key (inquiry_id, recorded_at)
);
create unique index inquiry_current on records.inquiry (inquiry_id) where superseded_at = 'infinity';
create index inquiry_received on records.inquiry (section, received_on);

create unique index load_file on records.load (extract, as_of, sha256);
alter table records.load add column rows_ended bigint not null default 0;

-- Files of which nothing was loaded, and why.
create table records.refused_file (
    refused_file_id bigint generated always as identity primary key,
    extract text not null,
    file_name text not null,
    code text not null,
    message text not null,
    refused_at timestamptz not null
);

grant select on records.inquiry, records.refused_file to oshirase_campaign;
grant select, insert, update, delete on records.inquiry to oshirase_ingest;
grant select, insert on records.refused_file to oshirase_ingest;

/*
Compare the rows in the temporary table `arrived` with the facts of a table that are current, and record what differs.
`arrived` has line_number and the table's columns; `set_aside` has the key of every row that was rejected: what is known
of those stays as it is. Of rows with the same key, alike ones count once and contradictory ones are all rejected, into
the temporary table `rejected`. With `ends_missing` a current fact that did not arrive ends.
*/
create function records.merge_arrived(
    of_table text, key text [], now timestamptz, ends_missing boolean,
    out rows_changed bigint, out rows_unchanged bigint, out rows_ended bigint
) language plpgsql as $$
declare
    columns text := (
        select string_agg(quote_ident(attname), ', ' order by attnum)
        from pg_attribute
        where attrelid = 'pg_temp.arrived'::regclass and attnum > 0 and not attisdropped and attname <> 'line_number'
    );
    keys text := (select string_agg(quote_ident(k), ', ') from unnest(key) as k);
    same_key text := (select string_agg(format('a.%1$I = c.%1$I', k), ' and ') from unnest(key) as k);
begin
    analyze pg_temp.arrived;
    execute format('create temporary table repeated on commit drop as
        select %1$s, count(distinct (%2$s)) > 1 as is_contradictory, min(line_number) as first_line
        from pg_temp.arrived group by %1$s having count(*) > 1', keys, columns);
    execute format('insert into pg_temp.rejected (line_number, column_name, code)
        select a.line_number, %L, ''repeated_key'' from pg_temp.arrived as a
        inner join pg_temp.repeated as c on %s and c.is_contradictory', key[1], same_key);
    execute format('insert into pg_temp.set_aside (%1$s) select %1$s from pg_temp.repeated where is_contradictory', keys);
    execute format('delete from pg_temp.arrived as a using pg_temp.repeated as c
        where %s and (c.is_contradictory or a.line_number > c.first_line)', same_key);

    execute format('create temporary table changed on commit drop as
        select a.* from pg_temp.arrived as a
        left join records.%1$I as c on %2$s and c.superseded_at = ''infinity''
        where c.recorded_at is null or (%3$s) is distinct from (%4$s)',
        of_table, same_key,
        regexp_replace(columns, '(^|, )', '\1a.', 'g'), regexp_replace(columns, '(^|, )', '\1c.', 'g'));
    select count(*) into rows_changed from pg_temp.changed;
    select count(*) - rows_changed into rows_unchanged from pg_temp.arrived;

    rows_ended := 0;
    if ends_missing then
        execute format('update records.%1$I as c set superseded_at = $1
            where c.superseded_at = ''infinity''
            and not exists (select from pg_temp.arrived as a where %2$s)
            and not exists (select from pg_temp.set_aside as a where %2$s)', of_table, same_key) using now;
        get diagnostics rows_ended = row_count;
    end if;
    execute format('update records.%I as c set superseded_at = $1 from pg_temp.changed as a
        where %s and c.superseded_at = ''infinity''', of_table, same_key) using now;
    execute format('insert into records.%1$I (%2$s, recorded_at) select %2$s, $1 from pg_temp.changed',
        of_table, columns) using now;
end;
$$;

-- Make this transaction's workspace for one file. Returns how many facts of the table are current.
create function records.make_arrived(of_table text, columns text [], key text [])
returns bigint language plpgsql as $$
declare
    known bigint;
begin
    execute format('create temporary table arrived on commit drop as
        select null::bigint as line_number, %s from records.%I limit 0',
        (select string_agg(quote_ident(c), ', ') from unnest(columns) as c), of_table);
    execute format('create temporary table set_aside on commit drop as select %s from records.%I limit 0',
        (select string_agg(quote_ident(k), ', ') from unnest(key) as k), of_table);
    create temporary table rejected (
        line_number bigint, column_name text, code text
    ) on commit drop;
    execute format('select count(*) from records.%I where superseded_at = ''infinity''', of_table) into known;
    return known;
end;
$$;

-- The body names a table that exists only inside a load.
set check_function_bodies = off;

-- Keep this transaction's rejected rows with a load, each with the sentence of its code. Returns how many rows.
create function records.keep_rejected(of_load bigint, codes text [], sentences text [])
returns bigint language sql as $$
    insert into records.load_reject (load_id, line_number, column_name, code, message)
    select of_load, r.line_number, r.column_name, r.code, s.sentence
    from pg_temp.rejected as r
    inner join unnest(codes, sentences) as s (code, sentence) on r.code = s.code
    on conflict do nothing;
    select count(distinct line_number) from records.load_reject where load_id = of_load
$$;
reset check_function_bodies;
