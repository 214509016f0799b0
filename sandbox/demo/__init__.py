"""`make demo`: one reminder campaign from the records to the receipts, in Airflow, several days in minutes."""
