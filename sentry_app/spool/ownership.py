"""What root leaves in a spool belongs to whom the spool belongs.

A site runs as a user of its own, but ``manage.py`` is often run as root: the site has to be able
to read what that left, to send it, and to take its lock.
"""

import os
from pathlib import Path


def give_to_owner(file: int, directory: Path) -> None:
    """If we are root, give the open ``file``, which we made, to the owner of ``directory``.

    By its descriptor: under a name there may be another file by now. Raises ``OSError``.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)


def make(directory: Path) -> None:
    """Create a directory that only its owner may read, who is that of its parent if we are root."""
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        return
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            give_to_owner(file, directory.parent)
        finally:
            os.close(file)
