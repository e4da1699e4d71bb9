"""Files at rest: sealed piece by piece, read like any other, cut or changed ones refused."""

import io
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import FileResponse
from hypothesis import HealthCheck, given
from hypothesis import settings as pace
from hypothesis import strategies as st

from portal import sealed_storage
from portal.sealed_storage import PIECE, SealedStorage, Unreadable, sealed

HEAD = 48


@pytest.fixture
def storage(tmp_path: Path, settings: Any) -> SealedStorage:
    settings.DATA_KEYS = ["cũ"]
    return SealedStorage(location=tmp_path / "kho")


def _kept(storage: SealedStorage, data: bytes, name: str = "a/b.bin") -> Path:
    return Path(storage.path(storage.save(name, ContentFile(data))))


def _read(storage: SealedStorage, name: str = "a/b.bin") -> bytes:
    with storage.open(name) as file:
        return bytes(file.read())


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 5])
def test_a_file_of_any_length_is_sealed_and_comes_back(storage: SealedStorage, size: int) -> None:
    data = (b"4700201001234 " * (size // 14 + 1))[:size]
    path = _kept(storage, data)
    raw = path.read_bytes()
    assert b"4700201001234" not in raw
    assert len(raw) > size
    assert (_read(storage), storage.size("a/b.bin")) == (data, size)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_same_bytes_are_sealed_differently_each_time(storage: SealedStorage) -> None:
    assert _kept(storage, b"x", "1").read_bytes()[HEAD:] != _kept(storage, b"x", "2").read_bytes()[HEAD:]


@pace(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    places=st.lists(st.tuples(st.integers(0, 3 * PIECE), st.integers(0, PIECE + 9)), min_size=1, max_size=6)
)
def test_reading_from_any_place_says_what_the_clear_file_says(
    tmp_path: Path, places: list[tuple[int, int]]
) -> None:
    storage = SealedStorage(location=tmp_path / "kho")
    storage.delete("f")
    data = bytes(range(251)) * (2 * PIECE // 251)
    storage.save("f", ContentFile(data))
    clear = io.BytesIO(data)
    with storage.open("f") as file:
        for at, count in places:
            assert file.seek(at) == clear.seek(at)
            assert file.read(count) == clear.read(count)
        assert file.seek(-3, io.SEEK_END) == len(data) - 3
        assert file.read() == data[-3:]


def test_a_large_upload_in_a_temporary_file_is_sealed_too(storage: SealedStorage) -> None:
    with TemporaryUploadedFile("so.pdf", "application/pdf", 3, None) as upload:
        upload.write(b"%PDF-1.7 " * 9)
        upload.seek(0)
        name = storage.save("so.pdf", upload)
    assert b"%PDF" not in Path(storage.path(name)).read_bytes()
    assert _read(storage, name) == b"%PDF-1.7 " * 9


def test_a_download_has_the_length_of_the_clear_file(storage: SealedStorage) -> None:
    _kept(storage, b"x" * (PIECE + 3))
    response = FileResponse(storage.open("a/b.bin"))
    assert response["Content-Length"] == str(PIECE + 3)
    assert len(b"".join(response)) == PIECE + 3  # type: ignore[arg-type]
    response.close()


def test_a_file_is_closed_and_opened_again(storage: SealedStorage) -> None:
    _kept(storage, b"abc")
    file = storage.open("a/b.bin")
    assert file.read() == b"abc"
    file.close()
    with file.open() as again:
        assert again.read() == b"abc"
    with pytest.raises(ValueError, match="is read"):
        storage.open("a/b.bin", "wb")


def _swapped(raw: bytes) -> bytes:
    first, second = raw[HEAD : HEAD + PIECE + 16], raw[HEAD + PIECE + 16 : HEAD + 2 * (PIECE + 16)]
    return raw[:HEAD] + second + first + raw[HEAD + 2 * (PIECE + 16) :]


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
        lambda raw: raw[:-10],
        lambda raw: raw[: HEAD + 2 * (PIECE + 16)],  # the last piece cut off whole
        lambda raw: raw[:HEAD],
        lambda raw: raw + b"x",
        lambda raw: raw[:9] + b"\0" + raw[10:],
        lambda raw: raw[:20] + bytes([raw[20] ^ 1]) + raw[21:],
        _swapped,
    ],
)
def test_a_file_that_was_changed_is_refused(storage: SealedStorage, change: Any) -> None:
    path = _kept(storage, b"a" * PIECE + b"b" * PIECE + b"c")
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(Unreadable):
        _read(storage)


def test_a_file_kept_before_there_were_seals_is_read_and_then_sealed(storage: SealedStorage) -> None:
    path = Path(storage.path("old.pdf"))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%PDF-1.4 old")
    assert (_read(storage, "old.pdf"), storage.size("old.pdf")) == (b"%PDF-1.4 old", 12)
    assert storage.reseal("old.pdf")
    assert b"%PDF" not in path.read_bytes()
    assert _read(storage, "old.pdf") == b"%PDF-1.4 old"
    assert path.stat().st_mode & 0o777 == 0o600


def test_after_resealing_the_old_key_may_go(storage: SealedStorage, settings: Any) -> None:
    _kept(storage, b"x" * (PIECE + 1))
    settings.DATA_KEYS = ["mới", "cũ"]
    assert _read(storage) == b"x" * (PIECE + 1)
    assert [storage.reseal(name) for name in storage.names()] == [True]
    assert [storage.reseal(name) for name in storage.names()] == [False]
    settings.DATA_KEYS = ["mới"]
    assert _read(storage) == b"x" * (PIECE + 1)
    settings.DATA_KEYS = ["cũ"]
    with pytest.raises(Unreadable, match="DATA_KEYS"):
        _read(storage)


def test_a_file_no_key_opens_stops_it_and_stays(storage: SealedStorage, settings: Any) -> None:
    path = _kept(storage, b"x")
    before = path.read_bytes()
    settings.DATA_KEYS = ["khác"]
    with pytest.raises(Unreadable):
        storage.reseal("a/b.bin")
    assert path.read_bytes() == before


def test_a_reseal_that_broke_off_leaves_the_file_as_it_was(
    storage: SealedStorage, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _kept(storage, b"x")

    def broken(chunks: Any) -> Iterator[bytes]:
        yield b"half"
        raise OSError("no space")

    settings.DATA_KEYS = ["mới", "cũ"]
    monkeypatch.setattr(sealed_storage, "sealed", broken)
    with pytest.raises(OSError, match="no space"):
        storage.reseal("a/b.bin")
    assert _read(storage) == b"x"
    assert list(storage.names()) == ["a/b.bin"]  # what lies aside is no kept file
    monkeypatch.setattr(sealed_storage, "sealed", sealed)
    assert storage.reseal("a/b.bin")
    assert [p.name for p in Path(storage.location).rglob("*.bin*")] == ["b.bin"]


def test_a_file_that_has_just_been_made_is_left_to_who_writes_it(storage: SealedStorage) -> None:
    """Its name stands on the disk a moment before its lock does."""
    path = Path(storage.path("a.bin"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as begun:
        assert not storage.reseal("a.bin")
        begun.write(b"".join(sealed([b"4700201001234"])))
    assert _read(storage, "a.bin") == b"4700201001234"


def test_what_is_deleted_while_it_is_resealed_stays_deleted(
    storage: SealedStorage, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _kept(storage, b"x")
    deleting = threading.Thread(target=storage.delete, args=("a/b.bin",))

    def slow(chunks: Any) -> Iterator[bytes]:
        deleting.start()
        deleting.join(timeout=0.3)
        assert deleting.is_alive()  # it waits its turn
        yield from sealed(chunks)

    settings.DATA_KEYS = ["mới", "cũ"]
    monkeypatch.setattr(sealed_storage, "sealed", slow)
    storage.reseal("a/b.bin")
    deleting.join(timeout=10)
    assert not path.exists()
    assert not storage.reseal("a/b.bin")
    storage.delete("a/b.bin")  # once more does no harm
    shutil.rmtree(storage.location)
    assert list(storage.names()) == []
