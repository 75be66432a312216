"""The shop's middleware."""
