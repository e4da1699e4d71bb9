"""Kept connections to the database: found broken before a request needs them, without a statement."""

from django.db import connection
from django.test.utils import CaptureQueriesContext


def test_a_connection_the_server_has_ended_is_not_used_again(transactional_db: None) -> None:
    kept = connection.copy()
    try:
        kept.ensure_connection()
        with CaptureQueriesContext(kept) as asked:
            assert kept.is_usable()
        assert not asked.captured_queries
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [kept.connection.info.backend_pid])
        assert not kept.is_usable()
        kept.close_if_health_check_failed()
    finally:
        kept.close()


def test_after_an_error_the_server_is_asked(transactional_db: None) -> None:
    kept = connection.copy()
    try:
        kept.ensure_connection()
        kept.errors_occurred = True
        assert kept.is_usable()
        kept.connection.close()
        assert not kept.is_usable()
    finally:
        kept.close()
