/*
name:    home/list_refused_files
purpose: The last file of each extract that was refused since a moment, when none of that extract was loaded after it.
         The name of a file that follows no layout may hold anything, and is not told.
grain:   one row per extract
params:  since (timestamptz)
returns: extract, message, refused_at, file_name
*/
select distinct on (f.extract)
    f.extract,
    f.message,
    f.refused_at,
    case when f.extract <> 'unknown' then f.file_name end as file_name
from records.refused_file as f
where
    f.refused_at >= :since
    and not exists (
        select 1
        from records.load as l
        where l.extract = f.extract and l.recorded_at > f.refused_at
    )
order by f.extract, f.refused_at desc;
