"""Servers and helpers that the tests run against: real ones where there are any."""
