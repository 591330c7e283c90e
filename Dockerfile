# One image for every process of Airflow, built from this repository and the hashed lock.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PATH=/opt/venv/bin:$PATH \
    VIRTUAL_ENV=/opt/venv \
    AIRFLOW_HOME=/var/lib/assurance/airflow \
    ASSURANCE_HOME=/var/lib/assurance \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/assurance/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=false \
    SCARF_ANALYTICS=false \
    DO_NOT_TRACK=1

RUN groupadd --gid 50000 assurance \
    && useradd --uid 50000 --gid 50000 --home-dir /var/lib/assurance --create-home assurance

WORKDIR /opt/assurance
COPY requirements-uv.lock requirements.lock ./
RUN python -m venv /opt/venv \
    && pip install --no-cache-dir --no-deps --require-hashes -r requirements-uv.lock \
    && uv pip install --no-cache --no-deps --require-hashes --compile-bytecode -r requirements.lock

COPY pyproject.toml ./
COPY include include
COPY expectations expectations
COPY dbt_project dbt_project
COPY dags dags
RUN uv pip install --no-cache --no-deps --no-build-isolation -e .

USER assurance
VOLUME /var/lib/assurance
ENTRYPOINT ["airflow"]
CMD ["version"]
