"""Versions of procedures: read from TOML, kept as rows, published, compared, written back.

``definition_of`` is the way from rows to the value everything else works on. A published version
never changes, so its ``Definition`` is kept in the process; which version is published is asked of
the database every time, so publishing takes effect at once in every process.
"""

import tomllib
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import tomli_w
from django.db import models, transaction
from django.utils import timezone

from portal import outbox
from portal.models import User
from procedures import blocks, hooks
from procedures import models as rows
from procedures.definition import Condition, Definition, Text
from procedures.forms import KINDS
from procedures.models import Procedure, ProcedureVersion

DEFINITIONS = Path(__file__).parent / "definitions"
Status = ProcedureVersion.Status

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

    def __init__(self, slug: str, problems: list[str]) -> None:
        super().__init__(f"{slug}: " + "; ".join(problems))
        self.problems = problems


# --- TOML ----------------------------------------------------------------------------------------


def from_toml(text: str) -> Definition:
    """Parse a definition, its shared blocks included.

    Raises ``msgspec.ValidationError`` naming the place that is wrong, or ``blocks.InvalidBlock``.
    """
    return msgspec.convert(blocks.expanded(tomllib.loads(text), read=_block), Definition)


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
    """The content of the version ``dossier`` belongs to, as a rule without asking the database."""
    return _kept(dossier.version_id)


@lru_cache(maxsize=256)
def _kept(pk: int) -> Definition:
    return _read(ProcedureVersion.objects.select_related("procedure").get(pk=pk))


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


def new_draft(slug: str, *, author: User) -> ProcedureVersion:
    """A draft with the content of the published version; the open draft where there is one."""
    with transaction.atomic():
        procedure = Procedure.objects.select_for_update().get(slug=slug)
        draft = procedure.versions.filter(status=Status.DRAFT).first()
        current = published(slug)
        if draft is not None or current is None:
            if draft is None:
                raise LookupError(f"{slug} has no published version to draft from")
            return draft
        draft = _new_version(procedure, ProcedureVersion.Origin.STAFF, author)
        _write(draft, definition_of(current))
        return draft


def publish(version: ProcedureVersion, *, actor: User | None, now: datetime) -> None:
    """Make ``version`` the one new dossiers get; the one before it retires.

    Raises ``InvalidDefinition``, and ``PermissionError`` when the author of a draft publishes it.
    """
    if version.origin == ProcedureVersion.Origin.STAFF and (actor is None or actor == version.drafted_by):
        raise PermissionError("a version is published by another person than its author")
    definition = _read(version)
    problems = problems_of(definition)
    if problems:
        raise InvalidDefinition(definition.slug, problems)
    with transaction.atomic():
        Procedure.objects.select_for_update().get(pk=version.procedure_id)
        version.procedure.versions.filter(status=Status.PUBLISHED).update(status=Status.RETIRED)
        version.status, version.digest = Status.PUBLISHED, definition.digest
        version.published_by, version.published_at = actor, now
        version.save(update_fields=["status", "digest", "published_by", "published_at"])


@dataclass(frozen=True)
class Loaded:
    slug: str
    outcome: str


def load(definition: Definition) -> Loaded:
    """Bring a shipped definition in at deploy.

    Equal content: nothing. The current version came from a file: the new one is published. It came
    from staff: the new content waits as a draft, because staff decided otherwise since.
    """
    now = timezone.now()
    with transaction.atomic():
        procedure, _ = Procedure.objects.get_or_create(slug=definition.slug)
        Procedure.objects.select_for_update().get(pk=procedure.pk)
        current = published(definition.slug)
        if procedure.versions.filter(digest=definition.digest).exclude(status=Status.RETIRED).exists():
            return Loaded(definition.slug, "unchanged")
        if current and current.origin == ProcedureVersion.Origin.STAFF:
            return _load_as_draft(procedure, definition)
        version = _new_version(procedure, ProcedureVersion.Origin.FILE, None)
        _write(version, definition)
        publish(version, actor=None, now=now)
        return Loaded(definition.slug, "published")


def _load_as_draft(procedure: Procedure, definition: Definition) -> Loaded:
    if procedure.versions.filter(status=Status.DRAFT).exists():
        return Loaded(definition.slug, "left alone: staff are drafting")
    _write(_new_version(procedure, ProcedureVersion.Origin.FILE, None), definition)
    return Loaded(definition.slug, "drafted: the published version is the staff's")


def _new_version(procedure: Procedure, origin: str, author: User | None) -> ProcedureVersion:
    last = procedure.versions.aggregate(last=models.Max("number"))["last"] or 0
    return ProcedureVersion(procedure=procedure, number=last + 1, origin=origin, drafted_by=author)


# --- Comparing and checking ----------------------------------------------------------------------


def differences(old: Definition, new: Definition) -> list[str]:
    """What changed from ``old`` to ``new``, a line each: ``fields.phone.required: true → false``."""
    return list(_differ("", _keyed(msgspec.to_builtins(old)), _keyed(msgspec.to_builtins(new))))


def _keyed(value: Any) -> Any:
    """Lists of named things become mappings, so that moving one is not read as changing all."""
    if isinstance(value, dict):
        return {k: _keyed(v) for k, v in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        name = next((n for n in ("slug", "name", "action", "value") if n in value[0]), "")
        return {item[name]: _keyed(item) for item in value} if name else value
    return value


def _differ(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(k for k in new if k not in old)]:
            yield from _differ(f"{path}.{key}" if path else key, old.get(key), new.get(key))
    elif old != new:
        yield f"{path}: {_shown(old)} → {_shown(new)}"


def _shown(value: Any) -> str:
    return "–" if value is None else msgspec.json.encode(value).decode()


def problems_of(definition: Definition) -> list[str]:
    """Why ``definition`` cannot be published, a line for each problem, naming its place."""
    return [
        *_flow_problems(definition),
        *_paper_problems(definition),
        *_name_problems(definition, KINDS),
        *_condition_problems(definition),
        *_text_problems(definition),
    ]


def _flow_problems(definition: Definition) -> Iterator[str]:
    states = {state.slug for state in definition.states}
    for transition in definition.transitions:
        place = f"transitions.{transition.action}"
        unknown = [s for s in (*transition.sources, transition.target) if s and s not in states]
        yield from (f"{place}: there is no state {slug}" for slug in unknown)
        unknown = [a for a in transition.four_eyes if not definition.transition(a)]
        yield from (f"{place}.four_eyes: there is no action {action}" for action in unknown)
    yield from _dead_ends(definition)


def _paper_problems(definition: Definition) -> Iterator[str]:
    """Papers that nothing waits for, and documents that are made of nothing."""
    if not definition.transition("record_originals"):
        for document in definition.documents:
            if document.posted and document.required:
                yield f"documents.{document.slug}: nothing receives the original"
    if not any(document.generated for document in definition.documents):
        for transition in definition.transitions:
            if "documents.form" in transition.topics:
                yield f"transitions.{transition.action}: no document is made by the portal"


def _dead_ends(definition: Definition) -> Iterator[str]:
    """States nothing leads to, and open states nothing leads out of."""
    reached, found = {"draft"}, 0
    while len(reached) != found:
        found = len(reached)
        reached |= {t.target for t in definition.transitions if t.target and reached & set(t.sources)}
    for state in definition.states:
        if state.slug not in reached:
            yield f"states.{state.slug}: cannot be reached"
        if not state.final and not any(t.target and state.slug in t.sources for t in definition.transitions):
            yield f"states.{state.slug}: has no way out"
    if not any(state.slug == "draft" for state in definition.states):
        yield "states: there is no draft"


_NAMES = {
    "cases": "slug",
    "steps": "slug",
    "fields": "name",
    "documents": "slug",
    "states": "slug",
    "transitions": "action",
}


def _name_problems(definition: Definition, kinds: Container[str]) -> Iterator[str]:
    for part, name in _NAMES.items():
        seen = Counter(getattr(member, name) for member in getattr(definition, part))
        yield from (f"{part}.{double}: stands twice" for double, count in seen.items() if count > 1)
    steps = {step.slug for step in definition.steps}
    for field in definition.fields:
        if field.step not in steps:
            yield f"fields.{field.name}: there is no step {field.step}"
        if field.kind not in kinds:
            yield f"fields.{field.name}: there is no field kind {field.kind}"
        corrected = definition.field(field.replaces) if field.replaces else field
        if corrected is None or corrected.step != field.step:
            yield f"fields.{field.name}.replaces: there is no field {field.replaces} on its page"
    for document in definition.documents:
        if document.proves and document.proves not in steps:
            yield f"documents.{document.slug}.proves: there is no step {document.proves}"
    if all(limit.cases or limit.when for limit in definition.time_limits):
        yield "time_limits: one limit must hold for all other cases"
    yield from _code_problems(definition)


def _code_problems(definition: Definition) -> Iterator[str]:
    """Names of rules and topics that no code has registered."""
    for owner, names in _rule_names(definition):
        yield from (f"{owner}: there is no rule {name}" for name in names if name not in hooks.rules)
    for transition in definition.transitions:
        unknown = [topic for topic in transition.topics if topic not in outbox.handlers]
        yield from (f"transitions.{transition.action}: there is no topic {topic}" for topic in unknown)


def _rule_names(definition: Definition) -> Iterator[tuple[str, list[str]]]:
    for field in definition.fields:
        yield f"fields.{field.name}", field.rules
    for step in definition.steps:
        yield f"steps.{step.slug}", step.rules
    for transition in definition.transitions:
        yield f"transitions.{transition.action}", transition.rules


def _condition_problems(definition: Definition) -> Iterator[str]:
    known = {field.name for field in definition.fields} | {"case"}
    edges = {field.name: set(_condition_fields(field.when)) for field in definition.fields}
    looked_at = {f"fields.{name}": names for name, names in edges.items()}
    looked_at |= {f"documents.{d.slug}": set(_condition_fields(d.when)) for d in definition.documents}
    looked_at |= {f"steps.{s.slug}": set(_condition_fields(s.when)) for s in definition.steps}
    looked_at |= {f"cases.{c.slug}": set(_condition_fields(c.when)) for c in definition.cases}
    looked_at |= {
        f"time_limits.{number}": set(_condition_fields(limit.when))
        for number, limit in enumerate(definition.time_limits, start=1)
    }
    looked_at["urgent_when"] = set(_condition_fields(definition.urgent_when))
    for place, names in looked_at.items():
        yield from (f"{place}.when: there is no field {name}" for name in sorted(names - known))
    yield from (f"fields.{name}.when: depends on itself" for name in edges if _in_circle(name, edges))


def _condition_fields(condition: Condition | None) -> Iterator[str]:
    return condition.fields() if condition else iter(())


def _in_circle(start: str, edges: dict[str, set[str]]) -> bool:
    reached: set[str] = set()
    ahead = set(edges[start])
    while ahead:
        name = ahead.pop()
        if name == start:
            return True
        if name not in reached:
            reached.add(name)
            ahead |= edges.get(name, set())
    return False


def _text_problems(definition: Definition) -> Iterator[str]:
    for path, text in _texts("", definition):
        if not text.vi.strip() or not text.en.strip():
            yield f"{path}: needs words in both languages"


def _texts(path: str, value: Any) -> Iterator[tuple[str, Text]]:
    if isinstance(value, Text):
        yield path, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _texts(f"{path}.{name}" if path else name, getattr(value, name))
    elif isinstance(value, list):
        for item in value:
            name = next((getattr(item, n) for n in ("slug", "name", "action") if hasattr(item, n)), "")
            yield from _texts(f"{path}.{name}" if name else path, item)
