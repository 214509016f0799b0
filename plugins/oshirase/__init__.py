"""Oshirase: scheduled SMS reminder campaigns of a Japanese city, on Apache Airflow."""
