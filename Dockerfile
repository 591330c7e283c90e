# One image for all Airflow processes, built from this repository and the hashed lock. Pin the base image when
# you build, because the digest was not known when this file was written. Replace the tag with @sha256:… from
# `docker image inspect --format '{{index .RepoDigests 0}}' python:3.11-slim-trixie`.
FROM python:3.11-slim-trixie

ENV PYTHONUNBUFFERED=1 \
    PATH=/opt/venv/bin:$PATH \
    VIRTUAL_ENV=/opt/venv \
    AIRFLOW_HOME=/var/lib/assurance/airflow \
    PYTHONPATH=/opt/assurance/deploy/airflow/config \
    ASSURANCE_HOME=/var/lib/assurance \
    ASSURANCE_PG_BIN=/usr/lib/postgresql/17/bin \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/assurance/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=false \
    SCARF_ANALYTICS=false \
    DO_NOT_TRACK=1

# PostgreSQL's back-up programs, built with TLS and for the server version in docker-compose.yml.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*

# User 999 is the one of PostgreSQL's image, with which this image shares the last folder.
RUN groupadd --gid 50000 assurance \
    && useradd --uid 50000 --gid 50000 --home-dir /var/lib/assurance --create-home assurance \
    && chmod 0700 /var/lib/assurance \
    && install --directory --owner assurance --group assurance --mode 0700 /mnt/shared /mnt/dashboards /var/log/assurance \
    && install --directory --owner 999 --group assurance --mode 0770 /mnt/drill

WORKDIR /opt/assurance
COPY requirements-uv.lock requirements.lock requirements-production.lock deploy/remove_test_keys.sh ./
RUN python -m venv /opt/venv \
    && pip install --no-cache-dir --no-deps --require-hashes -r requirements-uv.lock \
    && uv pip install --no-cache --no-deps --require-hashes --compile-bytecode \
        -r requirements.lock -r requirements-production.lock \
    && sh remove_test_keys.sh /opt/venv

COPY pyproject.toml ./
COPY include include
COPY expectations expectations
COPY dbt_project dbt_project
COPY dags dags
# `assurance help` shows the pages. From the questions of analysts, the Power BI project has its measures.
COPY docs docs
COPY deploy/airflow deploy/airflow
# The account that runs the code cannot write here. Without the compiled files, every task would compile the code again.
RUN uv pip install --no-cache --no-deps --no-build-isolation -e . \
    && python -m compileall -q include expectations dags

# A checkout made with a strict umask has files that only their owner reads. In the image, user 50000 reads them.
# uv leaves lock files that everybody may write. No program in the image gets the rights of another user.
RUN chmod -R u=rwX,go=rX /opt/assurance \
    && rm -f /opt/venv/.lock /tmp/uv-*.lock \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} +

# The probes of Airflow's Helm chart call the entrypoint by this name.
RUN chmod 0755 deploy/airflow/entrypoint.sh \
    && ln -s /opt/assurance/deploy/airflow/entrypoint.sh /entrypoint

# The commit names the code in every publication. It comes last, so that it does not invalidate other layers.
ARG ASSURANCE_COMMIT
RUN test -n "$ASSURANCE_COMMIT" || { echo 'Set ASSURANCE_COMMIT="$(git rev-parse HEAD)": publications name the code by it.' >&2; exit 1; }
ENV ASSURANCE_COMMIT=$ASSURANCE_COMMIT

USER assurance
VOLUME /var/lib/assurance
ENTRYPOINT ["/bin/sh", "/opt/assurance/deploy/airflow/entrypoint.sh"]
CMD ["version"]
