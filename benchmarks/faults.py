"""What is lost and what is sent twice: ``python -m benchmarks.faults [FAULT ...]``.

A site by gunicorn (two workers), visited by four at a time, and a Sentry that fails, with the SDK
alone, with this project, and with this project and SPOOL_DIR. The ids that the site told are
compared with those that Sentry accepted.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support.faults import FAULTS, Fault, Outcome, Run
from tests.support.sentry_server import SentryServer

LENGTH, PATIENCE = 10.0, 60.0
VARIANTS = {
    "SDK": ("bare", False),
    "this project": ("plug-in", False),
    "with SPOOL_DIR": ("plug-in", True),
}


def measured(fault: Fault, variant: str, length: float, patience: float) -> Outcome:
    """What comes of a fault; what is kept nowhere is not waited for as long."""
    monitoring, has_spool = VARIANTS[variant]
    with tempfile.TemporaryDirectory() as directory, SentryServer() as sentry:
        spool = Path(directory) / "spool" if has_spool else None
        with Run(sentry, monitoring, spool) as run:
            fault(run, length)
            return run.outcome(patience if has_spool else min(patience, length))


def main() -> None:
    """Print a row for each fault."""
    names = {fault.__name__: fault for fault in FAULTS}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=", ".join(names))
    parser.add_argument("--length", type=float, default=LENGTH, help="seconds that each lasts (10)")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds to wait at most")
    arguments = parser.parse_args()
    out = sys.stdout
    out.write("captured / lost / duplicated\n")
    out.write(f"{'':26}" + "".join(f"{variant:>22}" for variant in VARIANTS) + "\n")
    for name in arguments.faults or names:
        out.write(f"{name:26}")
        for variant in VARIANTS:
            found = measured(names[name], variant, arguments.length, arguments.patience)
            out.write(f"{' / '.join(map(str, found)):>22}")
            out.flush()
        out.write("\n")


if __name__ == "__main__":
    main()
