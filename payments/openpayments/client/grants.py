"""Calls to authorization servers: asking for grants, continuing and cancelling them, renewing and revoking tokens."""

from collections.abc import Sequence
from typing import Final

from payments.openpayments import parsing
from payments.openpayments.access import Access, InteractRequest
from payments.openpayments.client.asking import Asking
from payments.openpayments.operations import Operation
from payments.openpayments.parsing import Reader, UnusableAnswerError
from payments.openpayments.signing import Signer
from payments.openpayments.transport import Deadline
from payments.openpayments.types import AccessToken, Continuation, GrantAnswer
from payments.openpayments.wirejson import Json

MOST_ACCESS_ITEMS: Final = 3


class GrantCalls(Asking):
    def request_grant(
        self,
        auth_server: str,
        *,
        signer: Signer,
        access: Sequence[Access],
        deadline: Deadline,
        interact: InteractRequest | None = None,
    ) -> GrantAnswer:
        """Asks `auth_server` (verbatim, as the wallet address names it) for a token with `access`.

        Without `interact` the answer holds a token, or it is a BadAnswer (`interaction_required`). With it, the answer
        holds the redirect for the payer and the continuation, or (a wallet may do so) the token at once.
        """
        if not 0 < len(access) <= MOST_ACCESS_ITEMS:
            raise ValueError(f"a grant request asks for 1 to {MOST_ACCESS_ITEMS} kinds of access")
        body: dict[str, Json] = {
            "access_token": {"access": [item.to_wire() for item in access]},
            "client": signer.client,
        }
        if interact is not None:
            body["interact"] = interact.to_wire()
        read = _token_at_once if interact is None else _token_or_interaction
        return self._ask(Operation.REQUEST_GRANT, auth_server, read, deadline=deadline, body=body, signer=signer)

    def request_subject(
        self, auth_server: str, subject: str, *, signer: Signer, interact: InteractRequest, deadline: Deadline
    ) -> GrantAnswer:
        """Asks the owner of the wallet address `subject` (its id) to prove that it is theirs. Always interactive.

        `auth_server` must be the one that `subject` itself names: nobody else's word counts.
        """
        body: dict[str, Json] = {
            "client": signer.client,
            "interact": interact.to_wire(),
            "subject": {"sub_ids": [{"id": subject, "format": "uri"}]},
        }
        return self._ask(
            Operation.REQUEST_GRANT, auth_server, _interaction, deadline=deadline, body=body, signer=signer
        )

    def continue_grant(
        self, continuation: Continuation, interact_ref: str | None, *, signer: Signer, deadline: Deadline
    ) -> GrantAnswer:
        """Turns the payer's consent into a token. A pending answer has none, and a continuation to use next time.

        Store what it brings at once: the same continuation never answers twice, and a lost answer loses the grant.
        """
        return self._ask(
            Operation.CONTINUE_GRANT,
            continuation.uri,
            _token_or_continuation,
            deadline=deadline,
            body=None if interact_ref is None else {"interact_ref": interact_ref},
            signer=signer,
            token=continuation.token,
        )

    def cancel_grant(self, continuation: Continuation, *, signer: Signer, deadline: Deadline) -> None:
        """Ends the grant and its tokens. Payments already created go on: cancelling never stops money on its way."""
        self.transport.send(
            Operation.CANCEL_GRANT, continuation.uri, deadline=deadline, signer=signer, token=continuation.token
        )

    def rotate_token(self, token: AccessToken, *, signer: Signer, deadline: Deadline) -> AccessToken:
        """A new token for the same grant. The old one and its `manage_url` are dead from then on: store at once."""
        return self._ask(
            Operation.ROTATE_TOKEN,
            token.manage_url,
            parsing.access_token,
            deadline=deadline,
            signer=signer,
            token=token.value,
        )

    def revoke_token(self, token: AccessToken, *, signer: Signer, deadline: Deadline) -> None:
        self.transport.send(
            Operation.REVOKE_TOKEN, token.manage_url, deadline=deadline, signer=signer, token=token.value
        )


def _token_at_once(answer: Reader) -> GrantAnswer:
    grant = parsing.grant_answer(answer)
    if grant.token is None:
        raise UnusableAnswerError("interaction_required", "the wallet gives this token only after an interaction")
    return grant


def _interaction(answer: Reader) -> GrantAnswer:
    grant = parsing.grant_answer(answer)
    if grant.interact is None or grant.continue_ is None:
        raise UnusableAnswerError("wrong_shape", "no interaction with its continuation")
    return grant


def _token_or_interaction(answer: Reader) -> GrantAnswer:
    grant = parsing.grant_answer(answer)
    if grant.token is None and (grant.interact is None or grant.continue_ is None):
        raise UnusableAnswerError("wrong_shape", "neither a token nor an interaction with its continuation")
    return grant


def _token_or_continuation(answer: Reader) -> GrantAnswer:
    grant = parsing.grant_answer(answer)
    if grant.token is None and grant.continue_ is None and not grant.subjects:
        raise UnusableAnswerError("wrong_shape", "neither a token nor a subject nor a continuation")
    return grant
