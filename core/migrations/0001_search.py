from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension, UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    """Extensions, and ``pmtool_fold``: lower case without accents, immutable so that it can be indexed."""

    initial = True
    dependencies = []

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        BtreeGistExtension(),
        migrations.RunSQL(
            """
            CREATE FUNCTION pmtool_fold(text) RETURNS text
            LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
            AS $$ SELECT lower(public.unaccent('public.unaccent', $1)) $$
            """,
            "DROP FUNCTION pmtool_fold(text)",
        ),
    ]
