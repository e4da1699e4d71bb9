"""What the portal costs, measured beside floors taken in the same run.

``make bench`` runs ``python -m bench`` with PostgreSQL and Valkey up. It makes a database of its
own, starts web server, worker and beat with the settings of production, drives them with a browser
that behaves as htmx does, prints a table and writes it to DATA_DIR/../bench.json. Linux only.

Figures are of CPU time where they can be, because other work on the machine disturbs that least.
"""
