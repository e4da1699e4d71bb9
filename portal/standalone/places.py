"""Where the embedded servers keep their data and listen, and who may use that."""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from portal.standalone.processes import Unavailable

# A short path: that of a socket ends at 107 characters.
_SOCKET_ROOT = Path("/tmp")  # noqa: S108


@contextlib.contextmanager
def claim(data_dir: Path, *, note: str = "") -> Iterator[bool]:
    """Hold ``data_dir`` for this process alone, with ``note`` for others to read.

    Yields whether the previous holder ended without tidying up. Raises ``Unavailable`` with the
    holder's pid and note while somebody else holds it. The kernel lets go when we die.
    """
    path = data_dir / "lock"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        file = path.open("a+")
    except PermissionError as error:
        raise Unavailable(f"{data_dir} belongs to somebody else: run as its owner.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = path.read_text().strip() or "another process"
            raise Unavailable(f"{data_dir} is in use by {holder}: stop that first.") from error
        crashed = bool(path.read_text())
        file.truncate(0)
        file.write(f"process {os.getpid()} {note}".strip())
        file.flush()
        try:
            yield crashed
        finally:
            file.truncate(0)


def socket_dir(data_dir: Path, *, uid: int | None = None) -> Path:
    """The directory for the sockets of ``data_dir``, made if missing and open to ``uid`` alone.

    The same each time. Raises ``Unavailable`` when somebody else made it first.
    """
    owner = os.geteuid() if uid is None else uid
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:10]
    path = _SOCKET_ROOT / f"portal-{owner}-{digest}"
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        os.chown(path, owner, -1)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner:
        raise Unavailable(f"{path} belongs to somebody else: remove it, it is needed for sockets.")
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)
    return path


def secret_key(data_dir: Path) -> str:
    """The secret of this data directory, made on first use and readable by its owner alone."""
    path = data_dir / "secret-key"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        building = path.with_name(f"secret-key.{os.getpid()}")
        with os.fdopen(os.open(building, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        # Of two that start at once the first one's is kept.
        with contextlib.suppress(FileExistsError):
            os.link(building, path)
        building.unlink()
    return path.read_text().strip()


def wheel(package: str, variable: str, server: str) -> Path:
    """The folder of an installed package; raises ``Unavailable`` naming ``variable`` without one."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        machine = f"{platform.system()} {platform.machine()}"
        raise Unavailable(f"No embedded {server} for {machine} is installed: set {variable} to a server.")
    return Path(spec.submodule_search_locations[0])
