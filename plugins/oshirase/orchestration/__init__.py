"""The only part that imports Airflow: hook, operators, timetables, the campaign DAG builder."""
