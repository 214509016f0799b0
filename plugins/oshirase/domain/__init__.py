"""Pure rules of the campaigns: no database, no HTTP, no Airflow."""
