"""Writes the difference of two worlds into the tables: the old ends the day before, the new begins."""

from datetime import date, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db.models import F, Func, JSONField, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from portal.dated import valid
from portal.models import District, FormerPlace, User, Ward
from procedures.areas.plan import Plan
from procedures.models import Dossier, Office, OfficeArea


def write(plan: Plan, day: date, document: str) -> dict[str, int]:
    """Carry ``plan`` out as of ``day``; how many citizens' wards were moved and how many are to be asked."""
    _begin(plan, day, document)
    _serve(plan, day)
    _end(plan, day)
    return _people(plan)


def _begin(plan: Plan, day: date, document: str) -> None:
    before, after = plan.before, plan.after
    for slug in after.offices.keys() - before.offices.keys():
        name, number = after.offices[slug]
        office = Office(slug=slug, number=number, name=name, level=Office.Level.DISTRICT)
        office.valid_from, office.source = day, document
        office.save(force_insert=True)
    for code, name in after.districts.items():
        if code not in before.districts:
            District.objects.create(code=code, name=name, valid_from=day)
        elif before.districts[code] != name:
            District.objects.filter(pk=code).update(name=name)
    for code, place in after.wards.items():
        if code not in before.wards:
            Ward.objects.create(
                code=code, name=place[0], district_id=place[1], valid_from=day, source=document
            )
        elif before.wards[code] != place:
            _change_ward(code, before.wards[code], place, day, document)


def _change_ward(code: str, old: tuple[str, str], new: tuple[str, str], day: date, document: str) -> None:
    FormerPlace.objects.create(
        ward_id=code, name=old[0], district_id=old[1], valid_to=day - timedelta(days=1), document=document
    )
    Ward.objects.filter(pk=code).update(name=new[0], district_id=new[1])


def _serve(plan: Plan, day: date) -> None:
    offices = dict(Office.objects.values_list("slug", "pk"))
    for district in plan.before.serves.keys() | plan.after.serves.keys():
        old, new = plan.before.serves.get(district), plan.after.serves.get(district)
        if old == new:
            continue
        OfficeArea.objects.filter(valid(day), district=district).update(valid_to=day - timedelta(days=1))
        if new:
            OfficeArea.objects.create(office_id=offices[new], district_id=district, valid_from=day)


def _end(plan: Plan, day: date) -> None:
    last = day - timedelta(days=1)
    gone = plan.before.wards.keys() - plan.after.wards.keys()
    Ward.objects.filter(pk__in=gone).update(valid_to=last)
    District.objects.filter(pk__in=plan.before.districts.keys() - plan.after.districts.keys()).update(
        valid_to=last
    )
    for slug, heir in plan.after.heirs.items():
        Office.objects.filter(slug=slug).update(valid_to=last, successor=Office.objects.get(slug=heir))


def _people(plan: Plan) -> dict[str, int]:
    moved = 0
    for old, new in plan.merged.items():
        moved += User.objects.filter(ward=old).update(ward=new)
        _drafts(old).update(typed=_with_ward(new), revision=F("revision") + 1, updated_at=timezone.now())
    asked = User.objects.filter(ward__in=plan.split).update(ward_in_doubt=True)
    for old in plan.split:
        _drafts(old).update(typed=_with_ward(""), revision=F("revision") + 1, updated_at=timezone.now())
    return {"moved": moved, "asked": asked}


def _drafts(ward: str) -> QuerySet[Dossier]:
    return Dossier.objects.filter(state="draft", typed__ward=ward)


def _with_ward(code: str) -> Func:
    """What stands in the form with another ward, the rest as it was typed."""
    return Func(
        F("typed"),
        Cast(Value("{ward}"), ArrayField(TextField())),
        Value(code, output_field=JSONField()),
        template="jsonb_set(%(expressions)s)",
        arg_joiner=", ",
        output_field=JSONField(),
    )
