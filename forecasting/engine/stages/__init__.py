"""Lifecycle stages: the definition on a known level, the estimate of the level, probabilities, the path
through them."""
