"""Status lines for WSGI, such as "404 Not Found"."""

from http import HTTPStatus


def status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} Status"
