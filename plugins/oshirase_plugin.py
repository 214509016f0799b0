"""What Oshirase adds to Airflow."""

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from oshirase.orchestration.timetables import AfterDueDateTimetable


class OshirasePlugin(AirflowPlugin):
    """Registers the timetables of the campaigns."""

    name = "oshirase"
    timetables: ClassVar = [AfterDueDateTimetable]
