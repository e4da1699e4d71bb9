"""Versions of procedures: read from TOML, kept as rows, published, compared, written back.

``definition_of`` is the way from rows to the value everything else works on. A published version
never changes, so its ``Definition`` is kept in the process by its digest; which version is published
is asked of the database every time, so publishing takes effect at once in every process.
"""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import msgspec
import tomli_w
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.models import User
from procedures import blocks
from procedures import models as rows
from procedures.definition import Definition
from procedures.differences import differences
from procedures.models import Dossier, Procedure, ProcedureVersion, VersionChange
from procedures.validator import Problem, control_characters, doubles, problems_of, row_problems, too_large
from procedures.wording import PARTS

DEFINITIONS = Path(__file__).parent / "definitions"
Status, Origin, Action = ProcedureVersion.Status, ProcedureVersion.Origin, VersionChange.Action

# The lists of a definition and the tables that hold their members.
_TABLES: dict[str, type[rows.VersionRow]] = {
    "cases": rows.Case,
    "time_limits": rows.TimeLimit,
    "steps": rows.Step,
    "fields": rows.Field,
    "documents": rows.Document,
    "states": rows.State,
    "transitions": rows.Transition,
}


class InvalidDefinition(ValueError):
    """A definition that cannot be published; ``problems`` says why, each at its place."""

    def __init__(self, slug: str, problems: list[Problem]) -> None:
        super().__init__(f"{slug}: " + "; ".join(map(str, problems)))
        self.problems = problems


class NotADraft(ValueError):
    """A change to what is no draft any more: published or set aside in the meantime."""

    def __init__(self, version: ProcedureVersion) -> None:
        super().__init__(f"{version} is {version.status}")
        self.version = version


class Changed(ValueError):
    """A draft that is not what the person saw any more."""


class DraftOpen(ValueError):
    """A procedure has one draft at a time; ``draft`` is the open one."""

    def __init__(self, draft: ProcedureVersion) -> None:
        super().__init__(f"{draft} is open")
        self.draft = draft


# --- TOML ----------------------------------------------------------------------------------------


def from_toml(text: str) -> Definition:
    """Parse a definition, its shared blocks included.

    Raises ``msgspec.ValidationError`` naming the place that is wrong, ``blocks.InvalidBlock``, or
    ``RecursionError`` for what is nested too deeply.
    """
    content = tomllib.loads(text)
    _check_depth(content)
    return msgspec.convert(blocks.expanded(content, read=_block), Definition)


_DEEPEST = 20


def _check_depth(content: Any) -> None:
    level = [content]
    for _depth in range(_DEEPEST):
        parts = [list(one.values()) if isinstance(one, dict) else one for one in level]
        level = [part for part in parts if isinstance(part, list) for part in part]
        if not level:
            return
    raise RecursionError("nested too deeply")


def _block(name: str) -> dict[str, Any]:
    """The shared block ``name`` as it stands in its file; raises ``FileNotFoundError``."""
    return tomllib.loads((DEFINITIONS / "shared" / f"{name}.toml").read_text(encoding="utf-8"))


def to_toml(definition: Definition) -> str:
    """``definition`` as TOML; ``from_toml`` of it gives an equal definition."""
    content: dict[str, Any] = msgspec.to_builtins(definition)
    return tomli_w.dumps(_without_none(content), multiline_strings=False)


def shipped() -> Iterator[Definition]:
    """The definitions the project ships, one a file."""
    for path in sorted(DEFINITIONS.glob("*.toml")):
        yield from_toml(path.read_text(encoding="utf-8"))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_none(v) for v in value]
    return value


# --- Rows <-> definitions ------------------------------------------------------------------------


def _columns(struct: msgspec.Struct, model: type[models.Model]) -> dict[str, Any]:
    """``struct`` as column values: texts with columns of their own are spread over both languages."""
    names = {field.name for field in model._meta.concrete_fields}
    values: dict[str, Any] = {}
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if f"{name}_vi" in names:
            values[f"{name}_vi"], values[f"{name}_en"] = value.vi, value.en
        elif name in names:
            values[name] = msgspec.to_builtins(value)
    return values


def _struct_values(row: models.Model, struct: type[msgspec.Struct]) -> dict[str, Any]:
    names = {field.name for field in row._meta.concrete_fields}
    values: dict[str, Any] = {}
    for name in struct.__struct_fields__:
        if f"{name}_vi" in names:
            values[name] = {"vi": getattr(row, f"{name}_vi"), "en": getattr(row, f"{name}_en")}
        elif name in names:
            values[name] = getattr(row, name)
    return values


def definition_of(version: ProcedureVersion) -> Definition:
    """The content of ``version``; kept in the process unless it is a draft."""
    if version.status == Status.DRAFT:
        return _read(version)
    return _kept(version.pk)


def definition_for(dossier: rows.Dossier) -> Definition:
    """The content of the version ``dossier`` belongs to, as a rule without asking the database.

    A draft sees only the cases that whoever files it may file.
    """
    definition = _kept(dossier.version_id)
    return definition.open_to(dossier.filer) if dossier.is_draft else definition


def begun_with(dossier: rows.Dossier) -> Definition | None:
    """The content a draft was begun with; None when that is still in force."""
    return None if dossier.begun_with_id is None else _kept(dossier.begun_with_id).open_to(dossier.filer)


@lru_cache(maxsize=256)
def _kept(pk: int) -> Definition:
    version = ProcedureVersion.objects.select_related("procedure").get(pk=pk)
    return _compiled.get(version.digest) or _compiled.setdefault(version.digest, _read(version))


# Equal content is one value: a version that brings an old one back shares what was made of it.
_compiled: WeakValueDictionary[str, Definition] = WeakValueDictionary()


def _read(version: ProcedureVersion) -> Definition:
    values = _struct_values(version, Definition)
    values["slug"] = version.procedure.slug
    structs = {f.name: f.type for f in msgspec.structs.fields(Definition)}
    for name, table in _TABLES.items():
        member = structs[name].__args__[0]
        values[name] = [_struct_values(row, member) for row in table._default_manager.filter(version=version)]
    return msgspec.convert(values, Definition)


def _write(version: ProcedureVersion, definition: Definition) -> None:
    for name, value in _columns(definition, ProcedureVersion).items():
        setattr(version, name, value)
    version.digest = definition.digest
    version.save()
    for name, table in _TABLES.items():
        table._default_manager.filter(version=version).delete()
        table._default_manager.bulk_create(
            table(version=version, position=position, **_columns(member, table))
            for position, member in enumerate(getattr(definition, name))
        )


# --- Which version -------------------------------------------------------------------------------


def published(slug: str) -> ProcedureVersion | None:
    """The version new dossiers of ``slug`` get; None where none is published."""
    return (
        ProcedureVersion.objects.filter(procedure__slug=slug, status=Status.PUBLISHED)
        .select_related("procedure")
        .first()
    )


def all_published() -> list[tuple[ProcedureVersion, Definition]]:
    """Every published version with its definition, by group and order."""
    versions = ProcedureVersion.objects.filter(status=Status.PUBLISHED).select_related("procedure")
    return [(v, definition_of(v)) for v in versions.order_by("group", "order")]


def last_retired(slug: str) -> ProcedureVersion | None:
    """The version last in force of a procedure that is not offered any more."""
    return (
        ProcedureVersion.objects.filter(
            procedure__slug=slug, status=Status.RETIRED, published_at__isnull=False
        )
        .select_related("procedure")
        .order_by("-number")
        .first()
    )


# --- Drafts --------------------------------------------------------------------------------------


def new_draft(slug: str, *, author: User, source: ProcedureVersion | None = None) -> ProcedureVersion:
    """A draft with the content of ``source``, by default of the published version.

    Without ``source`` the open draft where there is one; with it ``DraftOpen`` is raised then.
    """
    with transaction.atomic():
        procedure = Procedure.objects.select_for_update().get(slug=slug)
        draft = procedure.versions.filter(status=Status.DRAFT).first()
        if draft is not None:
            if source is not None:
                raise DraftOpen(draft)
            return draft
        copied = source or published(slug)
        if copied is None:
            raise LookupError(f"{slug} has no published version to draft from")
        draft = _new_version(procedure, Origin.STAFF, author)
        _write(draft, definition_of(copied))
        _record(draft, Action.DRAFTED, author, lambda: [_("With the content of version %d.") % copied.number])
        if copied.published_at is None:  # nobody else has looked at it yet: it stays what they wrote
            for writer in User.objects.filter(pk__in=authors(copied)).exclude(pk=author.pk):
                _record(draft, Action.EDITED, writer, lambda: [_("In version %d.") % copied.number])
        return draft


def edit(
    version: ProcedureVersion,
    change: Callable[[Definition], Definition],
    *,
    actor: User,
    action: str = Action.EDITED,
) -> Definition:
    """Put what ``change`` makes of the draft's content in its place, and record who did.

    ``change`` sees the content as it stands under the lock and may raise to refuse. Raises
    ``NotADraft``, and ``InvalidDefinition`` where the tables cannot hold the content.
    """
    with transaction.atomic():
        locked = _locked(version)
        old = _read(locked)
        new = change(old)
        if new == old:
            return old
        problems = unstorable(new)
        if problems:
            raise InvalidDefinition(new.slug, problems)
        locked.origin, locked.drafted_by = Origin.STAFF, locked.drafted_by or actor
        _write(locked, new)
        _record(locked, action, actor, lambda: differences(old, new))
        return new


def discard(version: ProcedureVersion, *, actor: User) -> None:
    """Set a draft aside: it stays to be read and can be drafted from again. Raises ``NotADraft``."""
    with transaction.atomic():
        locked = _locked(version)
        ProcedureVersion.objects.filter(pk=locked.pk).update(status=Status.RETIRED)
        _record(locked, Action.DISCARDED, actor)


def _locked(version: ProcedureVersion) -> ProcedureVersion:
    """``version`` under a lock; raises ``NotADraft``."""
    locked = (
        ProcedureVersion.objects.select_for_update(of=("self",))
        .select_related("procedure")
        .get(pk=version.pk)
    )
    if locked.status != Status.DRAFT:
        raise NotADraft(locked)
    return locked


def _record(
    version: ProcedureVersion, action: str, actor: User | None, lines: Callable[[], list[str]] = list
) -> None:
    """Leave a trace of ``action``, with ``lines`` in both languages."""
    words = {}
    for code in ("vi", "en"):
        with translation.override(code):
            words[f"lines_{code}"] = lines()
    VersionChange.objects.create(version=version, action=action, actor=actor, **words)


_WRITING = (Action.DRAFTED, Action.EDITED, Action.IMPORTED)


def authors(version: ProcedureVersion) -> set[int]:
    """Everybody who began or changed ``version``."""
    writers = version.changes.filter(action__in=_WRITING, actor__isnull=False).values_list(
        "actor_id", flat=True
    )
    return {pk for pk in (*writers, version.drafted_by_id) if pk is not None}


def unstorable(definition: Definition) -> list[Problem]:
    """What the tables cannot hold: doubles, too long, out of range, invisible characters."""
    found = [*doubles(definition), *too_large(definition)]
    for many, part in PARTS.items():
        table = _TABLES.get(many, ProcedureVersion)
        for key, piece in zip(part.keys(definition), part.of(definition), strict=True):
            row = table(**_columns(piece, table))
            found += row_problems(part.many, key, row)
            found += control_characters(part.many, key, piece)
    return found


# --- In force ------------------------------------------------------------------------------------


def publish(version: ProcedureVersion, *, actor: User | None, now: datetime, seen: str = "") -> None:
    """Make ``version`` the one new dossiers get, and drafts of citizens go on with.

    ``seen`` is the digest of the content the actor has looked at. Raises ``InvalidDefinition``,
    ``NotADraft``, ``Changed``, and ``PermissionError`` when somebody who wrote the draft publishes it.
    """
    with transaction.atomic():
        procedure = Procedure.objects.select_for_update().get(pk=version.procedure_id)
        locked = _locked(version)
        if locked.origin == Origin.STAFF and (actor is None or actor.pk in authors(locked)):
            raise PermissionError("a version is published by another person than those who wrote it")
        definition = _read(locked)
        if seen and seen != definition.digest:
            raise Changed(f"{locked} was changed in the meantime")
        problems = problems_of(definition)
        if problems:
            raise InvalidDefinition(definition.slug, problems)
        before = procedure.versions.filter(status=Status.PUBLISHED).first()
        procedure.versions.filter(status=Status.PUBLISHED).update(status=Status.RETIRED)
        version.status, version.digest = Status.PUBLISHED, definition.digest
        version.published_by, version.published_at = actor, now
        version.save(update_fields=["status", "digest", "published_by", "published_at"])
        _carry_over(version)
        old = definition_of(before) if before and actor else None
        _record(version, Action.PUBLISHED, actor, lambda: differences(old, definition) if old else [])


def _carry_over(version: ProcedureVersion) -> None:
    """Citizens' drafts go on with ``version`` and remember what they were begun with."""
    Dossier.objects.filter(procedure_id=version.procedure_id, state="draft").exclude(version=version).update(
        begun_with=Coalesce("begun_with", "version"), version=version
    )


def retire(version: ProcedureVersion, *, actor: User, reason: str) -> None:
    """Take the published ``version`` out of force: nothing new can be filed. Raises ``NotADraft``."""
    with transaction.atomic():
        Procedure.objects.select_for_update().get(pk=version.procedure_id)
        done = ProcedureVersion.objects.filter(pk=version.pk, status=Status.PUBLISHED).update(
            status=Status.RETIRED
        )
        if not done:
            raise NotADraft(ProcedureVersion.objects.get(pk=version.pk))
        _record(version, Action.RETIRED, actor, lambda: [reason])


# --- At deploy -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Loaded:
    slug: str
    outcome: str


def load(definition: Definition) -> Loaded:
    """Bring a shipped definition in at deploy.

    Equal content: nothing. The current version came from a file: the new one is published. It came
    from staff: the new content waits as a draft, because staff decided otherwise since. While staff
    have a draft open, or after they retired the procedure, all stays as it is.
    """
    now = timezone.now()
    with transaction.atomic():
        procedure, _created = Procedure.objects.get_or_create(slug=definition.slug)
        Procedure.objects.select_for_update().get(pk=procedure.pk)
        current = published(definition.slug)
        known = procedure.versions.filter(digest=definition.digest)
        if known.filter(~Q(status=Status.RETIRED) | Q(published_at=None)).exists():
            return Loaded(definition.slug, "unchanged")
        if current is None and procedure.versions.filter(changes__action=Action.RETIRED).exists():
            return Loaded(definition.slug, "left alone: staff retired it")
        if procedure.versions.filter(status=Status.DRAFT).exists():
            return Loaded(definition.slug, "left alone: staff are drafting")
        if current and current.origin == Origin.STAFF:
            _write(_new_version(procedure, Origin.FILE, None), definition)
            return Loaded(definition.slug, "drafted: the published version is the staff's")
        version = _new_version(procedure, Origin.FILE, None)
        _write(version, definition)
        publish(version, actor=None, now=now)
        return Loaded(definition.slug, "published")


def _new_version(procedure: Procedure, origin: str, author: User | None) -> ProcedureVersion:
    last = procedure.versions.aggregate(last=models.Max("number"))["last"] or 0
    return ProcedureVersion(procedure=procedure, number=last + 1, origin=origin, drafted_by=author)


def longest(many: str, column: str) -> int | None:
    """How many characters the table of a part keeps in ``column``; None where nothing bounds them."""
    columns = {field.name: field for field in _TABLES.get(many, ProcedureVersion)._meta.concrete_fields}
    return getattr(columns.get(column), "max_length", None)
