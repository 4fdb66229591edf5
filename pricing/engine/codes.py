"""What an answer says of itself, as codes; the pages write their own words, `words.py` those of the shell."""

# How an elasticity came about: from the product's own weeks; the same, with the part of price that cost
# explains told apart; or borrowed: a product's from its channels, a channel's from its product, of either the
# value of the category or of all products.
METHODS = ("quasi_poisson", "control_function", "channels", "product", "category", "portfolio")
REASONS = (
    *("own_weeks", "own_months", "answered"),
    *("no_sales", "few_weeks", "few_months", "few_changes", "price_still"),
)
