"""The whole portal on one machine, without an installation.

``python -m portal.standalone run`` brings up PostgreSQL and Valkey, prepares the database, and
keeps web server, worker and beat running until Ctrl-C. The data stays in DATA_DIR.

``python -m portal.standalone exec [--data DIR] [--keep] -- COMMAND`` runs one command with both
servers up, and gives back its exit code. Without ``--keep`` the data may be thrown away; with it,
the command works on the data of ``run``, also while that runs.

``DATABASE_URL`` and ``REDIS_URL`` name servers to use instead of the embedded ones. Linux and
macOS; only on Linux does a process notice that its parent was killed outright.

Imports nothing of Django: all of this happens before there are settings.
"""

from portal.standalone.postgres import start_postgres
from portal.standalone.processes import Child, Unavailable, is_ready, start_process, wait_until_ready
from portal.standalone.valkey import start_valkey

__all__ = [
    "Child",
    "Unavailable",
    "is_ready",
    "start_postgres",
    "start_process",
    "start_valkey",
    "wait_until_ready",
]
