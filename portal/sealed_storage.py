"""Files that are encrypted at rest, under the keys of ``portal.sealing``.

A file is a head and pieces of 64 KiB, each sealed by AES-256-GCM under a key of the file's own: derived
from one of ``DATA_KEYS`` and the random salt in its head. The nonce of a piece is its number and whether
it is the last, so that nothing is swapped, left out or cut off unseen (the STREAM construction). Reading
opens a piece at a time. A file that was kept before there were seals is read as it is; ``manage.py
reseal`` seals it.
"""

import fcntl
import hmac
import io
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage

from portal.sealing import derived

_MAGIC = b"\x89KHSEAL1"
_ID, _SALT, _TAG = 8, 32, 16
_HEAD = len(_MAGIC) + _ID + _SALT
PIECE = 64 * 1024
_ASIDE = ".reseal"


class Unreadable(OSError):
    """A file that no key opens, or that is not what was written."""


# --- Sealing -------------------------------------------------------------------------------------


def _id_of(secret: str) -> bytes:
    """Names a key in the head of a file without telling anything of it."""
    return derived(secret, b"file.id")[:_ID]


def _cipher(secret: str, salt: bytes) -> AESGCM:
    return AESGCM(hmac.digest(derived(secret, b"file"), salt, "sha256"))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")


def sealed(chunks: Iterable[bytes | str]) -> Iterator[bytes]:
    """The bytes of a sealed file that holds ``chunks``, under the newest key."""
    secret, salt = settings.DATA_KEYS[0], secrets.token_bytes(_SALT)
    head, cipher = _MAGIC + _id_of(secret) + salt, _cipher(secret, salt)
    yield head
    for number, (piece, last) in enumerate(_pieces(chunks)):
        yield cipher.encrypt(_nonce(number, last=last), piece, head)


def _pieces(chunks: Iterable[bytes | str]) -> Iterator[tuple[bytes, bool]]:
    """``chunks`` in pieces of one length, and whether a piece is the last; that one may be empty."""
    waiting = bytearray()
    for chunk in chunks:
        waiting += chunk.encode() if isinstance(chunk, str) else chunk
        while len(waiting) > PIECE:
            yield bytes(waiting[:PIECE]), False
            del waiting[:PIECE]
    yield bytes(waiting), True


class _Sealing(File):  # type: ignore[type-arg]
    """``content`` on its way to the disk. Not a temporary file to be moved: its bytes are other ones."""

    def __init__(self, content: "File[Any]") -> None:
        super().__init__(None, name=content.name)
        self.content = content

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield from sealed(self.content.chunks(chunk_size or PIECE))

    def close(self) -> None:
        self.content.close()


# --- Opening -------------------------------------------------------------------------------------


def _secret_of(head: bytes) -> str:
    named = head[len(_MAGIC) :][:_ID]
    found = next((secret for secret in settings.DATA_KEYS if _id_of(secret) == named), None)
    if found is None:
        raise Unreadable("sealed with a key that DATA_KEYS no longer lists")
    return found


class _Opened(io.RawIOBase):
    """The clear bytes of the sealed file ``kept``, of which ``head`` has been read."""

    def __init__(self, kept: BinaryIO, head: bytes) -> None:
        self._kept, self._head = kept, head
        self._cipher = _cipher(_secret_of(head), head[-_SALT:])
        self._count, self._size = measured(os.fstat(kept.fileno()).st_size)
        self._at, self._number, self._piece = 0, -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        piece = self._read_piece(self._at // PIECE)
        part = piece[self._at % PIECE :][: len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _read_piece(self, number: int) -> bytes:
        """The piece ``number``, empty after the last; raises ``Unreadable``."""
        if number >= self._count:
            return b""
        if number != self._number:
            self._kept.seek(_HEAD + number * (PIECE + _TAG))
            data, last = self._kept.read(PIECE + _TAG), number == self._count - 1
            try:
                self._piece = self._cipher.decrypt(_nonce(number, last=last), data, self._head)
            except InvalidTag:
                raise Unreadable(f"piece {number} is not what was written") from None
            self._number = number
        return self._piece

    def close(self) -> None:
        self._kept.close()
        super().close()


def measured(size: int) -> tuple[int, int]:
    """(how many pieces, how many clear bytes) a sealed file of ``size`` bytes holds."""
    body = size - _HEAD
    count = max(-(-body // (PIECE + _TAG)), 1)
    if body < count * _TAG:
        raise Unreadable("a sealed file that is cut off")
    return count, body - count * _TAG


def head_of(kept: BinaryIO) -> bytes:
    """The head of a sealed file; empty for one that is not sealed, which stands at its beginning again."""
    head = kept.read(_HEAD)
    if head.startswith(_MAGIC) and len(head) == _HEAD:
        return head
    kept.seek(0)
    return b""


class _Kept(File):  # type: ignore[type-arg]
    """A kept file, open for reading; it can be closed and opened again."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(_reading(path), name=name)
        self._path = path

    def open(self, mode: str | None = None, *args: Any, **options: Any) -> "_Kept":
        if self.closed:
            self.file = _reading(self._path)
        self.seek(0)
        return self


# --- Storage -------------------------------------------------------------------------------------


class SealedStorage(FileSystemStorage):
    """Private files below MEDIA_ROOT: sealed as they are kept, in the clear as they are read."""

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        if mode != "rb":
            raise ValueError("a kept file is read; a new one is saved")
        return _Kept(name, Path(self.path(name)))

    def _save(self, name: str, content: "File[Any]") -> str:
        return str(super()._save(name, _Sealing(content)))  # type: ignore[misc]

    def size(self, name: str) -> int:
        """Clear bytes, not those on the disk."""
        with Path(self.path(name)).open("rb") as kept:
            full = os.fstat(kept.fileno()).st_size
            return measured(full)[1] if head_of(kept) else full

    def delete(self, name: str) -> None:
        with _held(Path(self.path(name))):
            super().delete(name)

    def reseal(self, name: str) -> bool:
        """Seal ``name`` with the newest key unless it is already; whether there was something to do.

        In one stroke: whoever reads it meanwhile reads the old file or the new one, and one that is
        deleted stays deleted. Raises ``Unreadable``, the file as it was.
        """
        path = Path(self.path(name))
        with _held(path) as there:
            if not there or _is_current(path):
                return False
            aside = path.with_name(path.name + _ASIDE)
            with _reading(path) as clear, aside.open("wb") as out:
                os.fchmod(out.fileno(), settings.FILE_UPLOAD_PERMISSIONS)
                out.writelines(sealed(iter(lambda: clear.read(PIECE), b"")))
                os.fsync(out.fileno())
            aside.replace(path)
        return True

    def names(self) -> Iterator[str]:
        """Every file that is kept, in whatever order."""
        root = Path(self.location)
        for folder, _folders, files in os.walk(root):
            yield from (str((Path(folder) / f).relative_to(root)) for f in files if not f.endswith(_ASIDE))


def _reading(path: Path) -> BinaryIO:
    kept = path.open("rb")
    try:
        head = head_of(kept)
        return io.BufferedReader(_Opened(kept, head), PIECE) if head else kept
    except Unreadable:
        kept.close()
        raise


def _is_current(path: Path) -> bool:
    """Whether there is nothing to seal: so it is of an empty file, which somebody is about to write."""
    with path.open("rb") as kept:
        if not os.fstat(kept.fileno()).st_size:
            return True
        head = head_of(kept)
    return bool(head) and head[len(_MAGIC) :][:_ID] == _id_of(settings.DATA_KEYS[0])


@contextmanager
def _held(path: Path) -> Iterator[bool]:
    """The file at ``path`` for oneself among those who delete or reseal; False when it is not there."""
    try:
        kept = path.open("rb")
    except (FileNotFoundError, IsADirectoryError):
        yield False
        return
    with kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        yield path.exists()
