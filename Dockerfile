# Oshirase on Airflow's own image, its packages exactly those of requirements.lock, in an environment of their own.
# The default leaves the sandbox out; `--target sandbox` has the gateway's emulator and the synthetic ward.
ARG BASE_IMAGE=apache/airflow:3.3.2-python3.12

FROM ${BASE_IMAGE} AS build
# A package registry of one's own: --build-arg PIP_INDEX_URL=... --build-arg UV_DEFAULT_INDEX=...
ARG PIP_INDEX_URL
ARG UV_DEFAULT_INDEX
USER root
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_USER=0 \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never \
    UV_NATIVE_TLS=true \
    UV_SYSTEM_CERTS=true \
    VIRTUAL_ENV=/opt/oshirase/venv
WORKDIR /opt/oshirase
COPY requirements-bootstrap.lock requirements.lock ./
RUN python3 -m venv /opt/uv \
    && /opt/uv/bin/python -m pip install --quiet --require-hashes --requirement requirements-bootstrap.lock \
    && python3 -m venv --without-pip venv \
    && /opt/uv/bin/uv pip install --quiet --require-hashes --compile-bytecode --requirement requirements.lock
COPY pyproject.toml README.md ./
COPY plugins ./plugins
RUN /opt/uv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable . \
    && venv/bin/python -m compileall -q plugins

FROM ${BASE_IMAGE} AS common
USER root
# What is written at run time; everything else belongs to root.
RUN install --directory --owner airflow --group 0 --mode 0770 \
    /var/lib/oshirase /var/lib/oshirase/extracts /var/lib/oshirase/console /var/lib/oshirase/sandbox
WORKDIR /opt/oshirase
COPY --from=build /opt/oshirase/venv ./venv
COPY config ./config
COPY include ./include
COPY dags ./dags
COPY --from=build /opt/oshirase/plugins ./plugins
ENV PATH=/opt/oshirase/venv/bin:$PATH \
    VIRTUAL_ENV=/opt/oshirase/venv \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/oshirase/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/oshirase/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    OSHIRASE_HOME=/opt/oshirase
# The base's entrypoint looks for databases that a job or the emulator does not have.
ENTRYPOINT []
CMD ["airflow", "version"]
USER airflow

FROM common AS sandbox
COPY sandbox ./sandbox

FROM common AS product
