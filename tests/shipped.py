"""What migrations ship (roles, the organisation, a measure), put back after a test that commits.

Django would empty all tables by TRUNCATE, which makes each table's and index's file anew, and read what was
there row by row: a second a test. Here a copy stands in a schema of its own, and only tables with rows are
emptied: a few hundredths.
"""

from __future__ import annotations

from django.db import connection

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = '%s' AND tablename <> 'django_migrations'"
_KEEP = f"""
DROP SCHEMA IF EXISTS shipped CASCADE;
CREATE SCHEMA shipped;
DO $$
DECLARE name text; filled boolean;
BEGIN
    FOR name IN {_TABLES % "public"} LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
        IF filled THEN EXECUTE format('CREATE TABLE shipped.%1$I AS TABLE public.%1$I', name); END IF;
    END LOOP;
END $$;
"""
# Writers are waited for, as TRUNCATE would: a page that still loads writes before, not after. No trigger and
# no foreign key is asked: all of it goes.
_PUT_BACK = f"""
DO $$
DECLARE name text; filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN {_TABLES % "public"} ORDER BY 1 LOOP
        EXECUTE format('LOCK TABLE public.%I IN EXCLUSIVE MODE', name);
    END LOOP;
    FOR name IN {_TABLES % "public"} LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
        IF filled THEN EXECUTE format('DELETE FROM public.%I', name); END IF;
    END LOOP;
    FOR name IN {_TABLES % "shipped"} LOOP
        EXECUTE format('INSERT INTO public.%1$I TABLE shipped.%1$I', name);
    END LOOP;
END $$;
"""


def shipped_keep() -> None:
    """Remember what a new database holds."""
    with connection.cursor() as cursor:
        cursor.execute(_KEEP)


def shipped_put_back() -> None:
    """Every table as it was in the new database; in one transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_PUT_BACK)
