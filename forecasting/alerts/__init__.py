"""What the night alerts people to, and in which words."""
