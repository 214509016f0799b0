# Stands in for the official Airflow image where no registry is reached: what Dockerfile needs of it, and no more.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}

RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends curl python3-venv tzdata \
    && rm -rf /var/lib/apt/lists/*
# The certificates of the machine that builds: many a network has one of its own.
COPY certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt

RUN useradd --uid 50000 --gid 0 --create-home airflow \
    && install --directory --owner airflow --group 0 --mode 0775 /opt/airflow /opt/airflow/logs

USER airflow
RUN python3 -m venv /home/airflow/.local
ENV PATH=/home/airflow/.local/bin:$PATH \
    AIRFLOW_HOME=/opt/airflow \
    LANG=C.UTF-8
WORKDIR /opt/airflow
