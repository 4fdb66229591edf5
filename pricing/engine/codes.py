"""What an answer says of itself, as codes; the pages write their own words, `words.py` those of the shell."""

# How an elasticity came about: from the product's own weeks; the same, with the part of price that cost
# explains told apart; or borrowed, from its category or from all products.
METHODS = ("quasi_poisson", "control_function", "category", "portfolio")
REASONS = (
    *("own_weeks", "own_months", "answered"),
    *("no_sales", "few_weeks", "few_months", "few_changes", "price_still"),
)
