"""What Oshirase adds to Airflow."""

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from oshirase.orchestration.pages import EXTERNAL_VIEWS, FASTAPI_APP
from oshirase.orchestration.timetables import AfterDueDateTimetable


class OshirasePlugin(AirflowPlugin):
    """Registers the timetables of the campaigns and the pages of ours."""

    name = "oshirase"
    timetables: ClassVar = [AfterDueDateTimetable]
    fastapi_apps: ClassVar = [FASTAPI_APP]
    external_views: ClassVar = EXTERNAL_VIEWS
