FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=pmtool.settings.production \
    PMTOOL_VAR=/var/lib/pmtool
RUN useradd --system --uid 1000 --home-dir /var/lib/pmtool --create-home pmtool
WORKDIR /srv/pmtool

COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY . .
# Static files are collected where no volume hides them; the values only let the settings load.
RUN for po in locale/*/LC_MESSAGES/*.po; do \
      python -m babel.messages.frontend compile --input-file "$po" --output-file "${po%.po}.mo"; \
    done \
 && SECRET_KEY=build-only-build-only-build-only-build-only-build-only ALLOWED_HOSTS=build \
    DATABASE_URL=postgresql://build@build/build REDIS_URL=redis://build \
    python manage.py collectstatic --noinput

USER pmtool
VOLUME /var/lib/pmtool
EXPOSE 8000
# Uploads and exports under /var/lib/pmtool are shared by web and worker.
CMD ["gunicorn", "pmtool.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "4", "--no-control-socket", "--preload", "--worker-tmp-dir", "/dev/shm"]
