# Oshirase in Airflow's own image. `--target sandbox` adds the gateway emulator; the default leaves it out.
ARG BASE_IMAGE=apache/airflow:3.3.2-python3.12
FROM ${BASE_IMAGE} AS common

WORKDIR /opt/oshirase
COPY --chown=airflow:0 requirements.lock pyproject.toml README.md ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY --chown=airflow:0 config ./config
COPY --chown=airflow:0 include ./include
COPY --chown=airflow:0 dags ./dags
COPY --chown=airflow:0 plugins ./plugins
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .

ENV AIRFLOW__CORE__DAGS_FOLDER=/opt/oshirase/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/oshirase/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    OSHIRASE_HOME=/opt/oshirase

FROM common AS sandbox
COPY --chown=airflow:0 sandbox ./sandbox

FROM common AS product
