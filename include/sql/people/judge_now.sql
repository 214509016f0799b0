/*
name:    people/judge_now
purpose: The first reason that the records have now not to remind residents of subjects; null: none. A subject that was
         written under an id that has been merged is judged under the one that the records know.
grain:   one row per subject
params:  subjects (text[]), residents (text[]), known_at (timestamptz), on_day (date), confirmed_since (date)
returns: subject, reason
*/
select
    asked.subject,
    s.reason
from unnest(:subjects ::text [], :residents ::text []) as asked (subject, resident_id)
left join records.alias as a on asked.resident_id = a.alias_id
left join lateral records.suppression(
    case
        when a.alias_id is not null and right(asked.subject, length(a.alias_id) + 1) = '/' || a.alias_id
            then left(asked.subject, length(asked.subject) - length(a.alias_id)) || a.resident_id
        else asked.subject
    end,
    coalesce(a.resident_id, asked.resident_id), null, :known_at, :on_day, :confirmed_since
) as s on true;
