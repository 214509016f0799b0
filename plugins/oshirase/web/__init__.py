"""Pages of ours inside Airflow: FastAPI routes and Jinja templates, nothing from another host."""
