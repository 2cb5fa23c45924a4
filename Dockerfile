# syntax=docker/dockerfile:1
# The service with the models that ship with it.
#   docker build --target cpu --tag dragoman .          (the default target)
#   docker build --target gpu --tag dragoman:gpu .      (CUDA libraries come with TensorFlow's packages)
ARG PYTHON=3.12

FROM python:${PYTHON}-slim-bookworm AS cpu-packages
COPY requirements/cpu.txt /requirements.txt
RUN python -m venv /opt/dragoman \
    && /opt/dragoman/bin/python -m pip install --no-cache-dir --require-hashes -r /requirements.txt

FROM python:${PYTHON}-slim-bookworm AS gpu-packages
COPY requirements/gpu.txt /requirements.txt
RUN python -m venv /opt/dragoman \
    && /opt/dragoman/bin/python -m pip install --no-cache-dir --require-hashes -r /requirements.txt

FROM python:${PYTHON}-slim-bookworm AS service
RUN useradd --uid 10001 --no-create-home --home-dir /srv/dragoman --shell /usr/sbin/nologin dragoman
WORKDIR /srv/dragoman
COPY LICENSE ./
COPY models ./models
COPY app ./app
ENV PATH=/opt/dragoman/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DRAGOMAN_HOST=0.0.0.0 \
    DRAGOMAN_PORT=8000
EXPOSE 8000
USER 10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['DRAGOMAN_PORT']}/readyz\", timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "app"]

FROM service AS gpu
COPY --from=gpu-packages /opt/dragoman /opt/dragoman

# The last target is the default.
FROM service AS cpu
COPY --from=cpu-packages /opt/dragoman /opt/dragoman
