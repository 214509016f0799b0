"""The timetable that plans campaign runs; each run's logical date is its occurrence."""

from typing import Any

import pendulum
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable
from pydantic import TypeAdapter

from oshirase.domain.occurrences import DueDateTimetable, Occurrences, SeasonTimetable

# The kinds have no field but the time in common: the fields say which one it is.
_KINDS: TypeAdapter[Occurrences] = TypeAdapter(DueDateTimetable | SeasonTimetable)


class CampaignTimetable(Timetable):
    """Occurrences of any kind, as Airflow asks for them.

    Its runs have an interval of no length at the occurrence, so that logical date, backfill range and UI all speak of
    the same moment.
    """

    def __init__(self, occurrences: Occurrences) -> None:
        self.occurrences = occurrences
        self.description = self.summary

    @property
    def summary(self) -> str:
        """What the UI shows beside the DAG."""
        return self.occurrences.in_words()

    def serialize(self) -> dict[str, Any]:
        """The timetable as JSON."""
        fields: dict[str, Any] = _KINDS.dump_python(self.occurrences, mode="json")
        return fields

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "CampaignTimetable":
        """The timetable from its JSON."""
        return cls(_KINDS.validate_python(data))

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """A manual run is asked for at a moment; which occurrence it means, `open_campaign_run` finds out."""
        return DataInterval.exact(run_after)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """The occurrence after the last one; without catch-up, the latest one that is already due at the earliest."""
        moment = self._next(last_automated_data_interval, restriction)
        if restriction.latest is not None and moment > restriction.latest:
            return None
        return DagRunInfo.exact(moment)

    def _next(self, last: DataInterval | None, restriction: TimeRestriction) -> pendulum.DateTime:
        candidates = []
        if last is not None:
            candidates.append(self.occurrences.next_after(last.start))
        if restriction.earliest is not None:
            # The earliest moment counts itself.
            candidates.append(self.occurrences.next_after(restriction.earliest.subtract(microseconds=1)))
        if not restriction.catchup or not candidates:
            candidates.append(self.occurrences.latest_until(pendulum.now("UTC")))
        return pendulum.instance(max(candidates))
