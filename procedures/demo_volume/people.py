"""Invented citizens, as many as there are dossiers: each files once, twice or a few times."""

import random
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from portal.text import without_marks
from procedures import demo
from procedures.demo_volume.plan import Desk

# Of how many recent people of an office one may come again, and how often that is so.
_KNOWN, _AGAIN = 4000, 0.45
# Numbers of the people made one by one lie below 5630000000.
_FIRST_NUMBER, _NUMBERS, _STRIDE = 30_000_000, 60_000_000, 7_368_787


@dataclass(frozen=True)
class Citizen:
    """Somebody with an account; ``address`` as written on letters."""

    pk: int
    number: str
    full_name: str
    bare: str
    gender: str
    born: str
    id_number: str
    phone: str
    ward: str
    street: str
    address: str
    since: datetime


class Neighbours:
    """The people of an office, who come one after the other."""

    def __init__(self, desk: Desk, chance: random.Random, *, first: int, offset: int) -> None:
        self._desk, self._chance = desk, chance
        self._next, self._offset = first, offset
        self._known: list[Citizen] = []

    def next(self, at: datetime) -> tuple[Citizen, bool]:
        """Who files at ``at``, and whether they do so for the first time."""
        if self._known and self._chance.random() < _AGAIN:
            return self._chance.choice(self._known), False
        citizen = self._made(at)
        if len(self._known) < _KNOWN:
            self._known.append(citizen)
        else:
            self._known[self._chance.randrange(_KNOWN)] = citizen
        return citizen, True

    def _made(self, at: datetime) -> Citizen:
        chance, pk = self._chance, self._next
        ward, place = chance.choice(self._desk.wards)
        who = demo.person(chance, ward)
        name = _name(who.sex, chance)
        self._next += 1
        return Citizen(
            pk=pk,
            number=f"56{_FIRST_NUMBER + (pk - self._offset) * _STRIDE % _NUMBERS:08d}",
            full_name=name,
            bare=_bare(name),
            gender=who.sex,
            born=who.born.isoformat(),
            id_number=who.id_number,
            phone=who.phone,
            ward=ward,
            street=who.street,
            address=f"{who.street}, {place}",
            since=at,
        )


# A province has many more names than a demo office; families by how common they are, in a thousand.
_FAMILIES = {
    "NGUYỄN": 380,
    "TRẦN": 110,
    "LÊ": 95,
    "PHẠM": 70,
    "HUỲNH": 51,
    "PHAN": 45,
    "VÕ": 39,
    "ĐẶNG": 21,
    "BÙI": 20,
    "ĐỖ": 14,
    "HỒ": 13,
    "NGÔ": 13,
    "DƯƠNG": 10,
    "ĐINH": 10,
    "ĐOÀN": 9,
    "LÂM": 9,
    "MAI": 8,
    "TRỊNH": 8,
    "HÀ": 7,
    "LƯƠNG": 7,
    "CAO": 7,
    "THÁI": 6,
    "CHÂU": 5,
    "TẠ": 4,
    "ĐÀO": 4,
    "LÝ": 4,
    "TÔ": 3,
    "KIỀU": 3,
    "QUÁCH": 2,
    "TRƯƠNG": 12,
    "MẤU": 2,
    "BO BO": 2,
    "PI NĂNG": 1,
    "HÁN": 1,
    "ĐÀNG": 1,
}
_MIDDLES = {
    "male": (
        *("VĂN", "VĂN", "VĂN", "HỮU", "ĐỨC", "QUỐC", "MINH", "CÔNG", "THANH", "NGỌC", "XUÂN", "ĐÌNH"),
        *("QUANG", "ANH", "HOÀNG", "TRỌNG", "BÁ", "THÁI", "NHẬT", "GIA"),
    ),
    "female": (
        *("THỊ", "THỊ", "THỊ", "THỊ NGỌC", "THỊ ÁNH", "THỊ MỸ", "THỊ KIM", "THỊ THU", "THỊ BÍCH"),
        *("THỊ THANH", "KIM", "NGỌC", "THỊ HỒNG", "THỊ CẨM", "THÙY", "PHƯƠNG", "THỊ TUYẾT", "BẢO"),
    ),
}
_GIVENS = {
    "male": (
        *(
            "AN",
            "BẢO",
            "BÌNH",
            "CHÂU",
            "CHIẾN",
            "CƯỜNG",
            "DANH",
            "DŨNG",
            "DUY",
            "ĐẠT",
            "ĐỊNH",
            "ĐÔNG",
            "GIANG",
        ),
        *(
            "HÀO",
            "HẢI",
            "HẬU",
            "HIẾU",
            "HIỆP",
            "HÒA",
            "HÙNG",
            "HƯNG",
            "HUY",
            "KHANG",
            "KHÁNH",
            "KHOA",
            "KIÊN",
        ),
        *("LÂM", "LỘC", "LONG", "LUÂN", "MẠNH", "NAM", "NGHĨA", "NHÂN", "PHÁT", "PHONG", "PHÚC", "PHƯỚC"),
        *(
            "QUÂN",
            "QUÝ",
            "SANG",
            "SƠN",
            "TÀI",
            "TÂM",
            "TÂN",
            "THẮNG",
            "THÀNH",
            "THỊNH",
            "THỌ",
            "TIẾN",
            "TOÀN",
        ),
        *("KIÊN", "TOÀN", "TRÍ", "TRUNG", "TRƯỜNG", "TUẤN", "TÙNG", "VIỆT", "VINH", "VŨ", "VƯƠNG"),
    ),
    "female": (
        *("ÁNH", "CHI", "CÚC", "DIỄM", "DIỆP", "DUNG", "DUYÊN", "ĐÀO", "GIANG", "HÀ", "HẠNH", "HẰNG", "HIỀN"),
        *("HOA", "HỒNG", "HUỆ", "HƯƠNG", "HƯỜNG", "HUYỀN", "KHUÊ", "LAN", "LỆ", "LIÊN", "LINH", "LOAN", "LÝ"),
        *("MAI", "MINH", "MY", "NGA", "NGÂN", "NGỌC", "NGUYỆT", "NHI", "NHUNG", "NHƯ", "OANH", "PHƯỢNG"),
        *("QUYÊN", "QUỲNH", "SƯƠNG", "TÂM", "THANH", "THẢO", "THOA", "THU", "THỦY", "THƯ", "TIÊN", "TRANG"),
        *("TRÂM", "TRÚC", "TUYẾT", "TÚ", "UYÊN", "VÂN", "VY", "XUÂN", "YẾN"),
    ),
}
_FAMILY_NAMES, _FAMILY_WEIGHTS = zip(*_FAMILIES.items(), strict=True)


def _name(sex: str, chance: random.Random) -> str:
    family = chance.choices(_FAMILY_NAMES, _FAMILY_WEIGHTS)[0]
    return f"{family} {chance.choice(_MIDDLES[sex])} {chance.choice(_GIVENS[sex])}"


def _bare(name: str) -> str:
    return " ".join(_without_marks(part) for part in name.split())


@cache
def _without_marks(part: str) -> str:
    return without_marks(part)
