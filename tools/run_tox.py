"""Run tox with every Python of the matrix that this machine has, then sum up what ran.

Arguments are passed on to tox. Ends with tox's exit code.

tox looks for `python3.12` and the like on PATH. pyenv puts shims there, which only work for the
version that is switched on, so the versions beside them are looked up here and named to tox.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".tox"
RESULTS = WORK / "results"
REPORT = RESULTS / "tox.json"
TOX = [sys.executable, "-m", "tox"]


def matrix() -> list[str]:
    """The Python versions that tox.ini names, such as "3.10"."""
    minors = set(re.findall(r"\bpy3(\d+)-django", (ROOT / "tox.ini").read_text()))
    return [f"3.{minor}" for minor in sorted(minors, key=int)]


def candidates(version: str) -> Iterator[str]:
    """Programs that may be this version of Python."""
    name = f"python{version}"
    if on_path := shutil.which(name):
        yield on_path
    path = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep)]
    roots = [entry.parent for entry in path if entry.name == "shims"]
    roots += [Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")]
    for root in roots:
        yield from map(str, sorted(root.glob(f"versions/{version}.*/bin/{name}")))


def is_version(program: str, version: str) -> bool:
    """Tell whether the program runs and is this version of Python."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        result = subprocess.run([program, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return result.returncode == 0 and result.stdout.strip() == version


def find(version: str) -> str | None:
    """The first program that is this version of Python."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    return next((path for path in candidates(version) if is_version(path, version)), None)


def selection(found: list[str]) -> list[str]:
    """Arguments that choose the environments: all of them, if any Python of the matrix is here."""
    if found:
        return []
    listed = subprocess.run(
        [*TOX, "list", "--no-desc", "-q"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    others = [name for name in listed.stdout.split() if not name.startswith("py3")]
    return ["-e", ",".join(["py", *others])]


def run_tox(found: list[str], arguments: list[str]) -> int:
    """Run the environments, two at a time. Returns tox's exit code."""
    shutil.rmtree(RESULTS, ignore_errors=True)
    shutil.rmtree(WORK / "measured", ignore_errors=True)
    discover = ["--discover", *found] if found else []
    command = [*TOX, "run-parallel", *discover, "--parallel=2", f"--result-json={REPORT}"]
    # Ctrl-C reaches tox too; it stops what it has started, and the summary still follows.
    signal.signal(signal.SIGINT, lambda *_: None)
    return subprocess.run(
        [*command, *selection(found), *arguments], cwd=ROOT, check=False
    ).returncode


def environment_outcomes() -> dict[str, str]:
    """What tox reports for each environment."""
    if not REPORT.exists():
        return {}
    environments = json.loads(REPORT.read_text())["testenvs"]
    results = {name: data["result"] for name, data in environments.items() if "result" in data}
    return {
        name: "NOT RUN" if result["skipped"] else "ok" if result["success"] else "FAILED"
        for name, result in results.items()
    }


def test_cases(environment: str) -> list[ET.Element]:
    """The tests of one environment as pytest wrote them down; empty if it ran none."""
    path = RESULTS / f"{environment}.xml"
    return list(ET.parse(path).getroot().iter("testcase")) if path.exists() else []


def outcome(case: ET.Element) -> str:
    """Passed, failed or skipped."""
    tags = {child.tag for child in case}
    if tags & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in tags else "passed"


def in_words(counts: Counter[str]) -> str:
    """The counts as pytest would say them."""
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped"))


def summarise(missing: list[str]) -> None:
    """Print the outcome of each environment, what was not tested and why, and the sum."""
    total: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    print("\nSummary")
    for name, word in environment_outcomes().items():
        cases = test_cases(name)
        counts = Counter(map(outcome, cases))
        print(f"  {name:26}{word:9}{in_words(counts) if cases else ''}")
        total += counts
        reasons.update(node.get("message", "") for case in cases for node in case.iter("skipped"))
    for reason, times in reasons.items():
        print(f"  {times} skipped: {reason}")
    for version in missing:
        print(f"  NOT TESTED: Python {version} was not found on this machine")
    print(in_words(total))


def main() -> int:
    """Find the Pythons, run tox, print the summary."""
    programs = {version: find(version) for version in matrix()}
    for version, program in programs.items():
        print(f"Python {version}: {program or 'not found, its environments are skipped'}")
    sys.stdout.flush()
    code = run_tox([program for program in programs.values() if program], sys.argv[1:])
    summarise([version for version, program in programs.items() if not program])
    return code


if __name__ == "__main__":
    sys.exit(main())
