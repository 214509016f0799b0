"""`make demo`: every reminder campaign from the records to the receipts, in Airflow, a week in minutes."""
