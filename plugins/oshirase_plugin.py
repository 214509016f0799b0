"""What Oshirase adds to Airflow."""

from airflow.plugins_manager import AirflowPlugin

from oshirase.orchestration.timetables import AfterDueDateTimetable


class OshirasePlugin(AirflowPlugin):
    """Registers the timetables of the campaigns."""

    name = "oshirase"
    timetables = [AfterDueDateTimetable]
