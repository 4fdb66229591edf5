"""Reading the environment: a wrong value stops the start with a sentence, never with a guess."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def boolean(name: str, *, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE | FALSE:
        return value in TRUE
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def number(name: str, default: int) -> int:
    value = text(name)
    if not value:
        return default
    if value.isascii() and value.isdigit():
        return int(value)
    raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")


def words(name: str) -> list[str]:
    """A comma separated list."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def secret(name: str) -> str:
    """The value of `name`, or the content of the file that `name`_FILE points to, as container secrets do."""
    if path := text(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}.") from error
    return text(name)


def secret_file(path: Path) -> str:
    """The secret kept in `path`, made at the first call; several processes may call at once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(fresh, path)  # fails where another process was first
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def database(url: str) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:port/name?sslmode=…`.

    A socket folder goes into `?host=`.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in {"postgres", "postgresql"} or not name:
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:port/name.")
    try:
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured("DATABASE_URL has a port that is not a number.") from error
    return {
        "NAME": name,
        "USER": unquote(parts.username or "") or query.pop("user", ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": query,
    }


def redis(url: str, database: int) -> tuple[str, str]:
    """REDIS_URL with a database number, as Celery writes it and as redis-py does."""
    parts = urlsplit(url)
    if parts.scheme not in {"redis", "rediss", "unix"} or not (parts.hostname or parts.scheme == "unix"):
        raise ImproperlyConfigured("REDIS_URL must look like redis://host:6379 or unix:///path/to/socket.")
    if parts.query or (parts.path.strip("/") and parts.scheme != "unix"):
        raise ImproperlyConfigured(
            "REDIS_URL has no database number: REDIS_DATABASE is the first of two in use."
        )
    base = url.rstrip("/")
    if parts.scheme == "unix":
        return f"redis+socket{base[4:]}?virtual_host={database}", f"{base}?db={database}"
    return f"{base}/{database}", f"{base}/{database}"
