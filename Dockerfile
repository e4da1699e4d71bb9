FROM python:3.11-slim-bookworm AS build
ARG UV_VERSION=0.13.9
RUN pip install --no-cache-dir uv==${UV_VERSION}
ENV UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/portal UV_COMPILE_BYTECODE=1 \
    PATH=/opt/portal/bin:$PATH
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-default-groups --no-cache
COPY . .
# Neither step looks at data, and the secret only satisfies the settings: nothing is signed with it.
RUN export SECRET_KEY=unused STATIC_ROOT=/app/collected \
    && python manage.py prepare --messages-only \
    && python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q .


FROM caddy:2 AS proxy
# Named volumes take over this owner, so the proxy needs no root to keep its certificates.
RUN chown -R 10001:10001 /data /config
USER 10001:10001


FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 portal \
    && useradd --uid 10001 --gid portal --home-dir /data --no-create-home --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal -m 0700 /data
COPY --from=build /opt/portal /opt/portal
COPY --from=build /app /app
ENV PATH=/opt/portal/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2 \
    DJANGO_SETTINGS_MODULE=portal.settings WEB_CONCURRENCY=3 DATA_DIR=/data STATIC_ROOT=/app/collected
WORKDIR /app
USER portal
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", "import os; \
from urllib.request import Request, urlopen; \
host = os.environ['ALLOWED_HOSTS'].split(',')[0]; \
urlopen(Request('http://127.0.0.1:8000/healthz', headers={'Host': host}), timeout=4)"]
CMD ["gunicorn", "portal.wsgi", "--bind", "0.0.0.0:8000", "--preload", "--threads", "8", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--logger-class", "portal.web_logs.WebLogger", "--access-logfile", "-", "--access-logformat", "%(t)s %(s)s %(m)s %(U)s %(M)sms"]
