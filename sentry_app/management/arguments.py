"""What the flags of the commands have in common."""

import argparse
import math


def seconds(text: str) -> float:
    """A number of seconds above 0; raises ``ArgumentTypeError``."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not (math.isfinite(found) and found > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return found
