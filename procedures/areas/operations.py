"""What a row of the file may ask for: each operation changes the world or refuses with a reason."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from procedures.areas.world import World

Cells = Mapping[str, str]
Words = Promise | str


class Refused(Exception):
    """Why a row cannot be; ``str()`` is for the administrator."""


class Operation(NamedTuple):
    needs: tuple[str, ...]
    do: Callable[[World, Cells], str]
    help: Words


# --- Checks --------------------------------------------------------------------------------------


def _ward(world: World, code: str) -> tuple[str, str]:
    if code in world.successors:
        raise Refused(_("Ward %(code)s stands in an earlier row already.") % {"code": code})
    if code not in world.wards:
        raise Refused(_("There is no ward with the code %(code)s on that day.") % {"code": code})
    return world.wards[code]


def _district(world: World, code: str) -> str:
    if code not in world.districts:
        raise Refused(_("There is no district with the code %(code)s on that day.") % {"code": code})
    return world.districts[code]


def _office(world: World, slug: str) -> str:
    if slug not in world.offices:
        raise Refused(_("There is no office “%(slug)s” on that day.") % {"slug": slug})
    return world.offices[slug][0]


def _free(world: World, code: str) -> None:
    """A date on or after the day stands in the way of cutting the validity of ``code``."""
    if code in world.bound:
        raise Refused(
            _("The dates overlap: %(code)s begins or ends on that day or later already.") % {"code": code}
        )


def _new(world: World, code: str, pattern: str) -> None:
    if not re.fullmatch(pattern, code):
        raise Refused(_("“%(code)s” is not written like such a code.") % {"code": code})
    if code in world.gone:
        raise Refused(_("The code %(code)s was used before and is not given again.") % {"code": code})
    world.gone.add(code)


def _becomes(world: World, cells: Cells) -> str:
    """The ward ``thanh``: begun now with a name and a district, or one there is, perhaps renamed."""
    code, name = cells["thanh"], cells["ten"]
    if code in world.wards:
        place = cells["huyen"] or world.wards[code][1]
        _district(world, place)
        world.wards[code] = (name or world.wards[code][0], place)
        return world.wards[code][0]
    if not name or not cells["huyen"]:
        raise Refused(_("Ward %(code)s is new: give its name (ten) and district (huyen).") % {"code": code})
    _district(world, cells["huyen"])
    _new(world, code, r"\d{5}")
    world.wards[code] = (name[:80], cells["huyen"])
    return name


# --- Wards ---------------------------------------------------------------------------------------


def _merge_ward(world: World, cells: Cells) -> str:
    old = cells["ma"]
    name, _place = _ward(world, old)
    if old == cells["thanh"]:
        raise Refused(_("A ward is not merged into itself."))
    if cells["thanh"] in world.successors:
        raise Refused(_("Ward %(code)s ends in this file itself.") % {"code": cells["thanh"]})
    _free(world, old)
    new = _becomes(world, cells)
    del world.wards[old]
    world.successors[old] = [cells["thanh"]]
    return _("%(old)s ends and becomes part of %(new)s.") % {"old": name, "new": new}


def _split_ward(world: World, cells: Cells) -> str:
    """A part of a ward, one row each; ``close_splits`` ends what is no part of itself."""
    old, part = cells["ma"], cells["thanh"]
    parts = world.successors.get(old, [])
    name = world.wards[old][0] if parts and old in world.wards else _ward(world, old)[0]
    if part in parts:
        raise Refused(_("Ward %(code)s stands in an earlier row already.") % {"code": part})
    _free(world, old)
    new = _becomes(world, cells)
    world.successors[old] = [*parts, part]
    return _("A part of %(old)s becomes %(new)s; its people are asked.") % {"old": name, "new": new}


def close_splits(world: World) -> None:
    """End the wards whose parts are all others."""
    for old, parts in world.successors.items():
        if old not in parts:
            world.wards.pop(old, None)


def _rename_ward(world: World, cells: Cells) -> str:
    name, place = _ward(world, cells["ma"])
    world.wards[cells["ma"]] = (cells["ten"][:80], place)
    return _("%(old)s is called %(new)s.") % {"old": name, "new": cells["ten"]}


def _move_ward(world: World, cells: Cells) -> str:
    name, place = _ward(world, cells["ma"])
    new = _district(world, cells["huyen"])
    if place == cells["huyen"]:
        raise Refused(_("%(ward)s belongs to %(district)s already.") % {"ward": name, "district": new})
    world.wards[cells["ma"]] = (name, cells["huyen"])
    return _("%(ward)s goes over to %(district)s.") % {"ward": name, "district": new}


# --- Districts -----------------------------------------------------------------------------------


def _begin_district(world: World, cells: Cells) -> str:
    office = _office(world, cells["co_quan"])
    _new(world, cells["ma"], r"\d{3}")
    world.districts[cells["ma"]] = cells["ten"][:80]
    world.serves[cells["ma"]] = cells["co_quan"]
    return _("%(district)s begins, served by %(office)s.") % {"district": cells["ten"], "office": office}


def _merge_district(world: World, cells: Cells) -> str:
    old, new = _district(world, cells["ma"]), _district(world, cells["thanh"])
    if cells["ma"] == cells["thanh"]:
        raise Refused(_("A district is not merged into itself."))
    for code in world.wards_in(cells["ma"]):
        world.wards[code] = (world.wards[code][0], cells["thanh"])
    _end(world, cells["ma"])
    return _("%(old)s ends; its wards go over to %(new)s.") % {"old": old, "new": new}


def _rename_district(world: World, cells: Cells) -> str:
    old = _district(world, cells["ma"])
    world.districts[cells["ma"]] = cells["ten"][:80]
    return _("%(old)s is called %(new)s.") % {"old": old, "new": cells["ten"]}


def _end_district(world: World, cells: Cells) -> str:
    name, left = _district(world, cells["ma"]), world.wards_in(cells["ma"])
    if left:
        raise Refused(
            _("%(district)s still has wards: %(wards)s.") % {"district": name, "wards": ", ".join(left[:5])}
        )
    _end(world, cells["ma"])
    return _("%(district)s ends.") % {"district": name}


def _end(world: World, district: str) -> None:
    _free(world, district)
    del world.districts[district]
    world.serves.pop(district, None)


def _serve(world: World, cells: Cells) -> str:
    district, office = _district(world, cells["ma"]), _office(world, cells["co_quan"])
    if cells["ma"] in world.given:
        raise Refused(_("%(district)s is given to two offices on one day.") % {"district": district})
    if world.serves.get(cells["ma"]) == cells["co_quan"]:
        raise Refused(_("%(office)s serves %(district)s already.") % {"office": office, "district": district})
    _free(world, cells["ma"])
    world.serves[cells["ma"]] = cells["co_quan"]
    world.given.add(cells["ma"])
    return _("%(district)s is served by %(office)s.") % {"district": district, "office": office}


# --- Offices -------------------------------------------------------------------------------------


def _begin_office(world: World, cells: Cells) -> str:
    if not re.fullmatch(r"\d{2}", cells["so"]):
        raise Refused(_("The number in dossier codes (so) has two digits."))
    if any(number == cells["so"] for _name, number in world.offices.values()) or cells["so"] in world.gone:
        raise Refused(_("The number %(number)s belongs to another office.") % {"number": cells["so"]})
    _new(world, cells["ma"], r"[a-z0-9]+(-[a-z0-9]+)*")
    world.offices[cells["ma"]] = (cells["ten"][:120], cells["so"])
    return _("%(office)s begins; staff and address follow in the admin.") % {"office": cells["ten"]}


def _end_office(world: World, cells: Cells) -> str:
    old, new = _office(world, cells["ma"]), _office(world, cells["thanh"])
    if cells["ma"] in world.provinces:
        raise Refused(_("The province office does not end."))
    if cells["ma"] == cells["thanh"]:
        raise Refused(_("An office does not take over from itself."))
    if left := [code for code, slug in world.serves.items() if slug == cells["ma"]]:
        names = ", ".join(world.districts[code] for code in left)
        raise Refused(
            _("%(office)s still serves %(districts)s: who does from that day?")
            % {"office": old, "districts": names}
        )
    _free(world, cells["ma"])
    del world.offices[cells["ma"]]
    world.heirs[cells["ma"]] = cells["thanh"]
    return _("%(old)s ends; %(new)s takes over what it leaves.") % {"old": old, "new": new}


# In the order in which they are done, whatever the order of the rows.
OPERATIONS: Mapping[str, Operation] = {
    "lap-co-quan": Operation(
        ("ma", "ten", "so"),
        _begin_office,
        gettext_lazy("an office begins: short name, name, number in dossier codes"),
    ),
    "lap-huyen": Operation(
        ("ma", "ten", "co_quan"),
        _begin_district,
        gettext_lazy("a district begins: code, name, its office (split: then move wards into it)"),
    ),
    "doi-ten-huyen": Operation(("ma", "ten"), _rename_district, gettext_lazy("a district gets another name")),
    "phu-trach": Operation(
        ("ma", "co_quan"), _serve, gettext_lazy("another office serves the district from that day")
    ),
    "gop-huyen": Operation(
        ("ma", "thanh"), _merge_district, gettext_lazy("a district ends, its wards go to another")
    ),
    "chuyen-xa": Operation(("ma", "huyen"), _move_ward, gettext_lazy("a ward goes to another district")),
    "doi-ten-xa": Operation(("ma", "ten"), _rename_ward, gettext_lazy("a ward gets another name")),
    "chia-xa": Operation(
        ("ma", "thanh"), _split_ward, gettext_lazy("a part of a ward, one row each; at least two rows")
    ),
    "gop-xa": Operation(("ma", "thanh"), _merge_ward, gettext_lazy("a ward ends in another, new or not")),
    "bo-huyen": Operation(("ma",), _end_district, gettext_lazy("a district without wards ends")),
    "bo-co-quan": Operation(
        ("ma", "thanh"),
        _end_office,
        gettext_lazy("an office ends; another takes over its dossiers and lists"),
    ),
}
