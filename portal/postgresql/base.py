import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Whether a kept connection still stands, before the first statement of a request.

        Nothing is due from the server between requests: what can be read then is its farewell. Django
        would ask with ``SELECT 1``, once for every page and fragment; so do we after an error. A
        connection that ends while it is looked at fails its request, as one does that ends a moment later.
        """
        if self.errors_occurred:
            return bool(super().is_usable())
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)
