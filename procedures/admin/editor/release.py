"""From a version to a draft, from a draft into force and out of it, and TOML both ways."""

import re
import tomllib
from typing import Any

import msgspec
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from procedures import catalogue
from procedures.admin.editor.access import (
    Status,
    actor,
    not_a_draft,
    page,
    refused,
    to_version,
    version_for,
)
from procedures.admin.editor.pages import history, problem_rows
from procedures.blocks import InvalidBlock
from procedures.catalogue import Changed, DraftOpen, InvalidDefinition, NotADraft, definition_of
from procedures.definition import Definition
from procedures.differences import differences
from procedures.models import ProcedureVersion, VersionChange
from procedures.validator import Problem, problems_of
from procedures.wording import PARTS

_LARGEST = 1_000_000


def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a draft with the content of this version."""
    version = version_for(request, pk, write=True)
    if request.method != "POST":
        return to_version(version)
    try:
        made = catalogue.new_draft(version.procedure.slug, author=actor(request), source=version)
    except DraftOpen as open_already:
        begun = open_already.draft.drafted_by
        who = begun.full_name if begun else _("the portal")
        messages.warning(request, _("There is an open draft already, begun by %s. Here it is.") % who)
        return to_version(open_already.draft)
    messages.success(request, _("Draft begun. Somebody else publishes it when it is done."))
    return to_version(made)


def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what publishing would change; a second person presses the button."""
    version = version_for(request, pk, write=True)
    if version.status != Status.DRAFT:
        return not_a_draft(request, version)
    if request.method != "POST":
        return _publish_page(request, version)
    try:
        catalogue.publish(
            version, actor=actor(request), now=timezone.now(), seen=request.POST.get("seen", "?")
        )
    except NotADraft as error:
        return refused(request, error)
    except PermissionError:
        return _publish_page(request, version, status=403)
    except InvalidDefinition:
        return _publish_page(request, version, status=422)
    except Changed:
        version.refresh_from_db()
        return _publish_page(request, version, changed=True, status=422)
    messages.success(request, _("Published. New dossiers get version %d from now on.") % version.number)
    return to_version(version)


def _publish_page(
    request: HttpRequest, version: ProcedureVersion, *, changed: bool = False, status: int = 200
) -> HttpResponse:
    definition = definition_of(version)
    current = catalogue.published(version.procedure.slug)
    problems = problems_of(definition)
    context = {
        "definition": definition,
        "current": current,
        "differences": differences(definition_of(current), definition) if current else [],
        "problems": problem_rows(version, definition, problems),
        "wrote": actor(request).pk in catalogue.authors(version),
        "authors": _names(version),
        "seen": definition.digest,
        "changed": changed,
        "status": status,
        "last": history(version)[0] if changed else None,
    }
    return page(request, "publish", version, context, status=status)


def _names(version: ProcedureVersion) -> list[str]:
    people = {c.actor_id: c.actor.full_name for c in version.changes.select_related("actor") if c.actor}
    return [people[pk] for pk in catalogue.authors(version) if pk in people]


def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a published version out of force, with a reason."""
    version = version_for(request, pk, write=True)
    if version.status != Status.PUBLISHED:
        messages.error(request, _("Only a published version can be retired."))
        return to_version(version)
    reason = " ".join(request.POST.get("reason", "").split())[:300]
    if request.method != "POST" or not reason:
        missing = request.method == "POST"
        return page(request, "retire", version, {"missing": missing}, status=422 if missing else 200)
    try:
        catalogue.retire(version, actor=actor(request), reason=reason)
    except NotADraft as error:
        return refused(request, error)
    messages.success(request, _("Retired. Nothing new can be filed until a version is published again."))
    return to_version(version)


def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a draft aside."""
    version = version_for(request, pk, write=True)
    if version.status != Status.DRAFT:
        return not_a_draft(request, version)
    if request.method != "POST":
        return page(request, "discard", version, {})
    try:
        catalogue.discard(version, actor=actor(request))
    except NotADraft as error:
        return refused(request, error)
    messages.success(request, _("Set aside. It can be drafted from again."))
    return to_version(version)


# --- TOML ----------------------------------------------------------------------------------------


def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The version as a TOML file."""
    version = version_for(request, pk)
    content = catalogue.to_toml(definition_of(version))
    name = f"{version.procedure.slug}-{version.number}.toml"
    return HttpResponse(
        content,
        content_type="application/toml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the content of a TOML file in the place of the draft's."""
    version = version_for(request, pk, write=True)
    if version.status != Status.DRAFT:
        return not_a_draft(request, version)
    if request.method != "POST":
        return _upload_page(request, version, [])
    try:
        definition = _read(request, version)
        catalogue.edit(
            version,
            _replace(definition, request.POST.get("seen", "")),
            actor=actor(request),
            action=VersionChange.Action.IMPORTED,
        )
    except NotADraft as error:
        return refused(request, error)
    except Changed:
        words = [
            _("The draft was changed in the meantime; see its history."),
            _("Send the file again to replace it all the same."),
        ]
        return _upload_page(request, version, words)
    except InvalidDefinition as error:
        return _upload_page(request, version, [_at_its_place(problem) for problem in error.problems])
    except _Unreadable as error:
        return _upload_page(request, version, [str(error)])
    messages.success(request, _("The file is in the draft. Please look at what it changes."))
    return to_version(version)


def _replace(definition: Definition, seen: str) -> Any:
    def change(standing: Definition) -> Definition:
        if standing.digest != seen:
            raise Changed
        return definition

    return change


def _upload_page(request: HttpRequest, version: ProcedureVersion, errors: list[str]) -> HttpResponse:
    context = {"errors": errors, "seen": definition_of(version).digest}
    return page(request, "upload", version, context, status=422 if errors else 200)


class _Unreadable(ValueError):
    """A file that is no definition; ``str()`` says where and why."""


def _read(request: HttpRequest, version: ProcedureVersion) -> Definition:
    upload = request.FILES.get("file")
    if not isinstance(upload, UploadedFile) or not upload.size:
        raise _Unreadable(_("Please choose a file."))
    if upload.size > _LARGEST:
        raise _Unreadable(_("The file is too large for a definition."))
    try:
        content = upload.read().decode()
        definition = catalogue.from_toml(content)
    except UnicodeDecodeError:
        raise _Unreadable(_("The file is not text in UTF-8.")) from None
    except tomllib.TOMLDecodeError as error:
        raise _Unreadable(_syntax_words(str(error))) from None
    except InvalidBlock as error:
        raise _Unreadable(str(error)) from None
    except msgspec.ValidationError as error:
        raise _Unreadable(_shape_words(str(error), content)) from None
    except (RecursionError, ValueError):  # brackets in brackets, numbers of thousands of digits
        raise _Unreadable(_("The file is nested too deeply, or a number in it is too long.")) from None
    if definition.slug != version.procedure.slug:
        raise _Unreadable(
            _("The file is for the procedure “%(theirs)s”, this is “%(ours)s”.")
            % {"theirs": definition.slug, "ours": version.procedure.slug}
        )
    return definition


def _syntax_words(error: str) -> str:
    found = re.search(r"at line (\d+), column (\d+)", error)
    if not found:
        return _("The file is no TOML: %s") % error
    return _("The file is no TOML: line %(line)s, column %(column)s (%(error)s)") % {
        "line": found[1],
        "column": found[2],
        "error": error.split(" (at")[0],
    }


def _shape_words(error: str, content: str) -> str:
    """What ``msgspec`` objects to, with its place in words and its line in the file."""
    message, _at, path = error.partition(" - at `")
    return f"{_path_words(path.rstrip('`'), content)}: {_message_words(message)}"


def _message_words(message: str) -> str:
    sentences = {
        r"Object missing required field `(\w+)`": _("“%s” is missing."),
        r"Object contains unknown field `(\w+)`": _("“%s” is not known here."),
        r"Invalid enum value '?([^']*)'?": _("“%s” is not one of the values allowed here."),
        r"Expected .*, got `(\w+)`": _("A value of another kind is expected here than “%s”."),
    }
    for pattern, sentence in sentences.items():
        if found := re.match(pattern, message):
            return sentence % found[1]
    return message


def _path_words(path: str, content: str) -> str:
    found = re.match(r"\$\.(\w+)\[(\d+|\.\.\.)\]\.?(.*)", path)
    if not found or found[1] not in PARTS:
        return path.removeprefix("$.").removeprefix("$") or _("the file")
    many, number, rest = found[1], found[2], found[3]
    words = f"{PARTS[many].one} {int(number) + 1}" if number.isdecimal() else str(PARTS[many].one)
    headers = [i for i, line in enumerate(content.splitlines(), start=1) if line.strip() == f"[[{many}]]"]
    if number.isdecimal() and "use" not in tomllib.loads(content) and int(number) < len(headers):
        words += f" ({_('line %d') % headers[int(number)]})"
    return f"{words}, {rest}" if rest else words


def _at_its_place(problem: Problem) -> str:
    place = (PARTS[problem.part or "facts"].one, problem.key, problem.aspect)
    return f"{' – '.join(str(word) for word in place if word)}: {problem.words}"
