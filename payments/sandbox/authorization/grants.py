"""Grants and access tokens: what was asked, what was allowed, and the clocks on both."""

import json
import secrets
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any, Literal, Self

from payments.openpayments.keys import Jwk
from payments.sandbox.clock import Clock
from payments.sandbox.settings import Settings
from payments.sandbox.store import Store

State = Literal["pending", "approved", "issued", "rejected", "revoked"]


def client_text(client: Any) -> str:
    """A client as one text: its wallet address, or its key (directed identity) as sorted JSON."""
    if isinstance(client, str):
        return client
    if "walletAddress" in client:
        return str(client["walletAddress"])
    return json.dumps(Jwk.from_wire(client["jwk"]).to_wire(), sort_keys=True)


@dataclass(frozen=True, slots=True)
class SandboxGrant:
    """`interaction` is the id in the URL that a person opens; `interaction_key` the `interact.finish` of the answer."""

    id: str
    client: str
    client_name: str | None
    state: State
    access: list[dict[str, Any]]
    subject: dict[str, Any] | None
    interaction: str | None
    interaction_key: str | None
    finish_uri: str | None
    client_nonce: str | None
    interact_ref: str | None
    key: str  # thumbprint of the key that signed the request
    continue_token: str
    may_continue_at: float
    expires_at: float | None
    created_at: float

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        fields = dict(row)
        fields["access"] = json.loads(fields["access"])
        fields["subject"] = json.loads(fields["subject"]) if fields["subject"] else None
        return cls(**fields)

    def outgoing_access(self) -> dict[str, Any] | None:
        """The item that lets money out, if there is one."""
        return next((item for item in self.access if item["type"] == "outgoing-payment"), None)


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    manage: str
    grant_id: str
    expires_at: float
    created_at: float

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Self:
        return cls(**dict(row))


@dataclass(frozen=True, slots=True)
class Interaction:
    """Who asks, and the way back; `finish_uri` and `nonce` are missing when the client polls."""

    client_name: str
    finish_uri: str | None
    nonce: str | None


class Grants:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def request(  # noqa: PLR0913, PLR0917 - the parts of a grant request
        self,
        client: str,
        access: list[dict[str, Any]],
        subject: dict[str, Any] | None,
        interaction: Interaction | None,
        key: str,
        settings: Settings,
    ) -> SandboxGrant:
        """Write down a grant; without an interaction it is issued at once."""
        now = self._clock.timestamp()
        grant = SandboxGrant(
            id=str(uuid.uuid4()),
            client=client,
            client_name=interaction.client_name if interaction else None,
            state="pending" if interaction else "issued",
            access=access,
            subject=subject,
            interaction=str(uuid.uuid4()) if interaction else None,
            interaction_key=secrets.token_hex(10).upper() if interaction else None,
            finish_uri=interaction.finish_uri if interaction else None,
            client_nonce=interaction.nonce if interaction else None,
            interact_ref=None,
            key=key,
            continue_token=secrets.token_hex(20).upper(),
            may_continue_at=now + settings.wait_seconds if interaction else now,
            expires_at=now + settings.interaction_seconds if interaction else None,
            created_at=now,
        )
        columns = {name: getattr(grant, name) for name in SandboxGrant.__slots__}
        columns["access"] = json.dumps(access)
        columns["subject"] = json.dumps(subject) if subject else None
        self._store.insert("grants", **columns)
        return grant

    def get(self, grant_id: str) -> SandboxGrant | None:
        row = self._store.one("select * from grants where id = ?", grant_id)
        return SandboxGrant.from_row(row) if row else None

    def by_interaction(self, interaction: str) -> SandboxGrant | None:
        row = self._store.one("select * from grants where interaction = ?", interaction)
        return SandboxGrant.from_row(row) if row else None

    def expired(self, grant: SandboxGrant) -> bool:
        """Whether the time to decide is over."""
        return grant.expires_at is not None and grant.expires_at <= self._clock.timestamp()

    def decide(self, grant: SandboxGrant, state: Literal["approved", "rejected"]) -> SandboxGrant | None:
        """Record a person's decision; None when it was decided before, cancelled, or too late."""
        if self.expired(grant):
            return None
        reference = str(uuid.uuid4()) if state == "approved" else None
        changed = self._store.run(
            "update grants set state = ?, interact_ref = ? where id = ? and state = 'pending'",
            state,
            reference,
            grant.id,
        )
        return self.get(grant.id) if changed else None

    def wait(self, grant: SandboxGrant, seconds: int) -> None:
        """The client asked: it may ask again after `seconds`."""
        self._store.run(
            "update grants set may_continue_at = ? where id = ?", self._clock.timestamp() + seconds, grant.id
        )

    def issue(self, grant: SandboxGrant) -> None:
        self._store.run("update grants set state = 'issued' where id = ?", grant.id)

    def revoke(self, grant: SandboxGrant) -> None:
        """End the grant and every token under it. Payments made under it are not stopped."""
        with self._store.transaction():
            self._store.run("update grants set state = 'revoked' where id = ?", grant.id)
            self._store.run("delete from tokens where grant_id = ?", grant.id)


class Tokens:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def new(self, grant_id: str, lifetime_seconds: int) -> Token:
        now = self._clock.timestamp()
        token = Token(secrets.token_hex(20).upper(), str(uuid.uuid4()), grant_id, now + lifetime_seconds, now)
        self._store.insert("tokens", **{name: getattr(token, name) for name in Token.__slots__})
        return token

    def by_value(self, value: str) -> Token | None:
        row = self._store.one("select * from tokens where value = ?", value)
        return Token.from_row(row) if row else None

    def by_manage(self, manage: str, value: str) -> Token | None:
        row = self._store.one("select * from tokens where manage = ? and value = ?", manage, value)
        return Token.from_row(row) if row else None

    def live(self, token: Token) -> bool:
        return token.expires_at > self._clock.timestamp()

    def rotate(self, token: Token, settings: Settings) -> Token | None:
        """A new token in place of this one, expired or not; None when it is gone, replaced or purged."""
        if token.expires_at + settings.purge_token_seconds <= self._clock.timestamp():
            self.revoke(token)
            return None
        with self._store.transaction():
            if not self.revoke(token):
                return None
            return self.new(token.grant_id, settings.token_seconds)

    def revoke(self, token: Token) -> bool:
        return self._store.run("delete from tokens where value = ?", token.value) > 0
