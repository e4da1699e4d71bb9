"""What a process keeps of rows that hardly change is read anew after its time."""

from types import SimpleNamespace

import pytest

from portal import freshness, geography
from portal.freshness import stretch
from portal.models import Ward


def test_a_renamed_ward_shows_within_a_minute(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(monotonic=lambda: 120.0)
    monkeypatch.setattr(freshness, "time", clock)
    monkeypatch.setattr(freshness, "stretch", stretch)  # other tests hold it still
    ward = Ward.objects.select_related("district").order_by("code")[0]
    old, new = (f"{name}, {ward.district.name}" for name in (ward.name, "Xã Đổi Tên"))
    assert geography.ward_name(ward.code) == old
    Ward.objects.filter(pk=ward.pk).update(name="Xã Đổi Tên")
    clock.monotonic = lambda: 179.9
    assert geography.ward_name(ward.code) == old
    clock.monotonic = lambda: 180.0
    assert geography.ward_name(ward.code) == new
