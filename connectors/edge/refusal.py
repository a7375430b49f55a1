"""Saying no over HTTP: a status, a plain sentence with what to do, and the field where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from starlette.responses import Response

#: How long a sender is asked to wait after a 503, seconds.
RETRY_AFTER_S = 2


class RefusalError(Exception):
    """Ends a request. ``error`` is a sentence for the person who set the sender up; never content of the body.

    ``reason``: a word for the record; ``challenges``: what a sender may show instead (WWW-Authenticate).
    """

    def __init__(
        self,
        status: int,
        error: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        reason: str = "",
        challenges: Sequence[str] = (),
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.field = field
        self.headers = dict(headers or {})
        self.reason = reason
        self.challenges = challenges

    def response(self) -> Response:
        """Return the refusal as JSON."""
        body: dict[str, object] = {"error": self.error}
        if self.field is not None:
            body["field"] = self.field
        answer = json_response(body, self.status, self.headers)
        for challenge in self.challenges:
            answer.headers.append("www-authenticate", challenge)
        return answer


def busy(error: str) -> RefusalError:
    """Return a 503 that asks the sender to come back."""
    return RefusalError(503, error, headers={"Retry-After": str(RETRY_AFTER_S)})


def json_response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response."""
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
