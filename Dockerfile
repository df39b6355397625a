# Two stages, so that what builds is not in what runs.
ARG PYTHON=3.12
FROM python:${PYTHON}-slim AS build
WORKDIR /hubcache
RUN python -m venv /venv
COPY requirements.lock .
RUN /venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock

FROM python:${PYTHON}-slim
RUN useradd --system --create-home --uid 10001 hubcache && install -d -o hubcache /var/lib/hubcache
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
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HUBCACHE_DATA_DIR=/var/lib/hubcache HUBCACHE_HOST=0.0.0.0 HUBCACHE_LOG_FORMAT=json
USER hubcache
VOLUME /var/lib/hubcache
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["python", "manage.py", "serve"]
