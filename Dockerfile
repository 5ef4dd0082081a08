# The product's image: PostgreSQL, Redis and the stand-ins are none of its business.
# Every RUN line is a make target; tests/journeys/test_image.py runs the same lines in a throw-away
# folder, from the very files that are copied here, and looks at what they leave.

ARG PYTHON=3.11.14

FROM python:${PYTHON}-bookworm AS build
WORKDIR /build
COPY Makefile requirements.txt requirements-assets.txt requirements-build.txt ./
COPY tools/__init__.py tools/image.py tools/
RUN make image-dependencies PREFIX=/opt/request-broker
COPY pyproject.toml README.md LICENSE requirements.in wsgi.py gunicorn.conf.py ./
COPY broker broker
COPY webui webui
COPY jobs jobs
COPY cli cli
RUN make image-product PREFIX=/opt/request-broker

# The same Python without compilers, make and pip's cache; nothing runs here but what was made above.
FROM python:${PYTHON}-slim-bookworm
COPY --from=build /opt/request-broker /opt/request-broker
ENV PATH=/opt/request-broker/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /opt/request-broker
# Nobody in particular: the files belong to root and cannot be changed. docker-compose.yml makes
# the whole file system read-only, but for /tmp in memory.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["request-broker", "health", "web"]
STOPSIGNAL SIGTERM
CMD ["gunicorn", "--config", "gunicorn.conf.py", "--bind", "0.0.0.0:8000", "wsgi:app"]
