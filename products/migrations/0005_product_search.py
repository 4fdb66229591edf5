from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import CombinedSearchVector, SearchConfig, SearchVector
from django.db import migrations
from django.db.models import F

from core.search import Fold


class Migration(migrations.Migration):
    """Indexes for searching other codes and the words of descriptions."""

    dependencies = [("products", "0004_bulk_change")]

    operations = [
        migrations.AddIndex(
            "product",
            GinIndex(
                CombinedSearchVector(
                    SearchVector("description", config="dutch"),
                    "||",
                    SearchVector("description", config="english"),
                    SearchConfig("dutch"),
                ),
                name="product_search_words",
            ),
        ),
        migrations.AddIndex(
            "productcode",
            GinIndex(OpClass(Fold(F("code")), name="gin_trgm_ops"), name="product_code_search_trigram"),
        ),
    ]
