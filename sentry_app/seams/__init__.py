"""Everything that reaches into the private parts of the SDK stands here, and only here.

One file for each place that is reached into. Each says at its head what it uses, and what that has
to be; ``tests/test_seams_*.py`` fail where an SDK differs, and then each file falls back to
something that works without it.
"""
