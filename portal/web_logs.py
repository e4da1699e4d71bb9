"""The log of requests of the web server."""

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from portal.logs import discreet


class WebLogger(Logger):  # type: ignore[misc]
    """Logs paths without what only who asked may know: the address of a form is the key to it."""

    def atoms(self, *request: Any) -> dict[str, Any]:
        said: dict[str, Any] = super().atoms(*request)
        return {**said, "U": discreet(str(said["U"]))}
