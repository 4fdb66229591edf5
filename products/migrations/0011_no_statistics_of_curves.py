"""Nothing is ever looked up by a curve of the list, and counting the elements of four of them was most of what
ANALYZE took on that table."""

from __future__ import annotations

from django.db import migrations

CURVES = ("spark_volumes", "spark_forecast", "spark_lo80", "spark_hi80")


def _statistics(target: int) -> str:
    columns = ", ".join(f"ALTER COLUMN {name} SET STATISTICS {target}" for name in CURVES)
    return f"ALTER TABLE products_productfigures {columns}"


class Migration(migrations.Migration):
    dependencies = [("products", "0001_squashed_0010_versions_of_what_is_around")]
    operations = [migrations.RunSQL(_statistics(0), _statistics(-1))]
