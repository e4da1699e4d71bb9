"""Start-up checks: a published definition that names code which does not exist stops the site."""

from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db.utils import DatabaseError

from procedures import catalogue, guide, validator


@register(Tags.models)
def guide_holds(**_kwargs: Any) -> list[CheckMessage]:
    """The questions that lead to a procedure name procedures and cases that are shipped."""
    definitions = {definition.slug: definition for definition in catalogue.shipped()}
    problems = guide.problems_of(guide.shipped(), definitions)
    return [Error(problem, obj="which_procedure.toml", id="procedures.E003") for problem in problems]


@register(Tags.models)
def shipped_definitions_hold(**_kwargs: Any) -> list[CheckMessage]:
    """Every definition the project ships can be published."""
    return [
        Error(str(problem), obj=definition.slug, id="procedures.E001")
        for definition in catalogue.shipped()
        for problem in validator.problems_of(definition)
    ]


@register(Tags.database)
def published_definitions_hold(databases: Any = None, **_kwargs: Any) -> list[CheckMessage]:
    """Every published version names only rules and topics that exist."""
    if not databases:
        return []
    try:
        versions = catalogue.all_published()
    except DatabaseError as error:
        return [checks.Warning(f"the catalogue could not be read: {error}", id="procedures.W001")]
    return [
        Error(str(problem), obj=definition.slug, id="procedures.E002")
        for _version, definition in versions
        for problem in validator.problems_of(definition)
    ]
