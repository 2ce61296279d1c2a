"""What all calls share: send, read, and say so when the answer does not answer."""

from collections.abc import Callable, Mapping
from typing import Final

from payments.openpayments.errors import BadAnswer
from payments.openpayments.operations import Operation
from payments.openpayments.parsing import Reader, UnusableAnswerError
from payments.openpayments.signing import Signer
from payments.openpayments.transport import Deadline, Transport
from payments.openpayments.types import T
from payments.openpayments.urls import is_trusted
from payments.openpayments.wirejson import JsonObject, UnreadableJsonError


class Asking:
    """Holds the transport; the calls to each kind of server build on it."""

    def __init__(self, transport: Transport) -> None:
        self.transport: Final = transport

    def _ask(  # noqa: PLR0913 - the parts of a request
        self,
        operation: Operation,
        url: str,
        read: Callable[[Reader], T],
        *,
        deadline: Deadline,
        body: JsonObject | None = None,
        query: Mapping[str, str] | None = None,
        signer: Signer | None = None,
        token: str | None = None,
    ) -> T:
        """Sends and reads; `read` raises UnusableAnswerError for what it does not believe."""
        answer = self.transport.send(
            operation, url, deadline=deadline, body=body, query=query, signer=signer, token=token
        )
        trusted = self.transport.trusted_hosts
        try:
            return read(Reader.of(answer.json(), "answer", trusted, from_trusted=is_trusted(url, trusted)))
        except UnreadableJsonError as error:
            raise BadAnswer(operation, url, str(error), "not_json") from error
        except UnusableAnswerError as error:
            raise BadAnswer(operation, url, error.detail, error.why) from error
