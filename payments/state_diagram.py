"""The transition tables as a page of the docs: a diagram for each, generated, and a sentence per state.

The page is for people who look after the program, in English like all of the docs.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from django.db.models import TextChoices

from payments.models.messages import MESSAGE_MOVES, MessageState
from payments.models.outside_payments import OUTSIDE_PAYMENT_MOVES, OutsidePaymentState
from payments.models.proposals import PROPOSAL_MOVES, ProposalState
from payments.states import (
    GRANT_MOVES,
    KEY_MOVES,
    OUTGOING_MOVES,
    PAYMENT_MOVES,
    PROOF_MOVES,
    REQUEST_MOVES,
    AttemptState,
    GrantState,
    KeyState,
    PaymentState,
    ProofState,
    RequestState,
)

R, P, G, A, K, W = RequestState, PaymentState, GrantState, AttemptState, KeyState, ProofState

INTRODUCTION: Final = """\
# States

Everything that moves money is a row with a state; so is a message, a decision on work, a change of wallet. They move
only along these arrows (`payments/moving.py`). A move, its ledger entry and what follows from it are one transaction.
The tables are in `payments/states.py`, or beside the states of their models, and `manage.py draw_states` makes this
page from them; how a job moves is told in [jobs.md](jobs.md). `manage.py check_invariants` checks that the rows agree.
"""

#: Title, what it is, the table, and what each state means.
Table = tuple[str, str, "Mapping[str, set[str]]", "Mapping[TextChoices, str]"]

TABLES: Final[list[Table]] = [
    (
        "Payment request",
        "One ask to one payer. *Approved* reserves nothing: the money is still in the payer's wallet.",
        REQUEST_MOVES,
        {
            R.QUOTING: "Both wallets are being asked what it will cost. Nobody outside has been told of it.",
            R.QUOTED: "Staff see what it will cost and may send it, or pay it from a standing budget.",
            R.AWAITING_AUTHORISATION: "A rule asks for a second person, or it grew above what was agreed to: they must "
            "agree before its payer is asked.",
            R.AWAITING_APPROVAL: "The payer has the link. It acts until the request expires.",
            R.APPROVED: "The payer approved in their wallet and we hold the approval; the payments are being made. "
            "A standing budget stays so until it is over.",
            R.SETTLED: "Every receiver has been paid.",
            R.SETTLED_IN_PART: "Some receivers have been paid, and the others will not be under this request.",
            R.SETTLED_OUTSIDE: "Every receiver has been paid, some by bank or in cash on the word of two people.",
            R.FAILED: "It ended and nobody was paid; the reason says why.",
            R.DECLINED: "The payer said no.",
            R.CANCELLED: "Staff stopped it before any money was on its way.",
            R.EXPIRED: "The payer did not approve in time, or the last period of a standing budget is over.",
        },
    ),
    (
        "Payment",
        "One receiver's part of a request. While it is *being sent*, *sent* or unclear, nothing can be cancelled.",
        PAYMENT_MOVES,
        {
            P.NEW: "There is no quote yet.",
            P.QUOTED: "There is an incoming payment, and a quote.",
            P.APPROVED: "It may be sent under the payer's approval.",
            P.SENDING: "The outgoing payment is written down, the payer's wallet is being asked. Never asked twice.",
            P.SENT: "The payer's wallet made it. The receiver's wallet is watched until the money is there.",
            P.UNKNOWN: "No answer came. The wallets are asked what happened; the call is not repeated.",
            P.SETTLED: "The receiver's wallet says that the whole amount is there.",
            P.FAILED: "It ended without the whole amount, and nothing more can arrive.",
            P.CANCELLED: "It was stopped before anything was sent.",
            P.NEEDS_ATTENTION: "The wallets can't settle it by themselves: a person decides. It is still watched.",
            P.SETTLED_OUTSIDE: "Two people say that the receiver was paid by bank or in cash. Counted apart.",
        },
    ),
    (
        "Grant",
        "What a wallet allows us to do. Grants to receive and to quote ask no person: they are active at once.",
        GRANT_MOVES,
        {
            G.INTENDED: "Written down; the wallet is being asked for it.",
            G.PENDING: "The payer has a page of their wallet open, or could.",
            G.RETURNED: "The payer came back with the right hash; the approval can be collected.",
            G.CONTINUING: "It is being collected, which can be done only once.",
            G.ACTIVE: "We hold its token.",
            G.REFUSED: "The wallet, or the payer in it, said no.",
            G.LOST: "The wallet's answer never came: if it made a grant, nobody can use it.",
            G.CANCELLING: "It is being given back to the wallet.",
            G.ENDED: "Nothing can be paid under it any more.",
        },
    ),
    (
        "Attempt",
        "One call that makes an incoming payment, a quote or an outgoing payment at a wallet. All are kept.",
        OUTGOING_MOVES,
        {
            A.INTENDED: "Written down before the call.",
            A.OPEN: "The wallet made it.",
            A.REFUSED: "The wallet said no, and made nothing.",
            A.UNKNOWN: "The wallet's answer never came.",
            A.DONE: "It did what it was for.",
            A.FAILED: "It was made and came to nothing.",
            A.FENCED: "A person decided; the receiver's side was closed first, so that it can bring nothing any more.",
        },
    ),
    (
        "Seller key",
        "One key of a seller. A wallet ties what it allows to the key that asked, so an old key ends what it began.",
        KEY_MOVES,
        {
            K.GENERATED: "Made here, or brought along; the seller's wallet does not list it yet.",
            K.PUBLISHED: "The seller's wallet lists it: it can be used.",
            K.ACTIVE: "Everything new is asked for with it. One of a seller's keys is in use.",
            K.REPLACED: "Another key is in use. What was asked for with this one goes on with it.",
            K.RETIRED: "Its private part is destroyed. It can be taken out of the wallet.",
        },
    ),
    (
        "Proof of a wallet",
        "One question to whoever has a wallet address, whether it is theirs. Their wallet answers; no money moves.",
        PROOF_MOVES,
        {
            W.ASKED: "They have the link. It acts until it expires.",
            W.PREPARING: "They pressed the button; the wallet is being asked for its page.",
            W.PENDING: "They have a page of their wallet open, or could.",
            W.RETURNED: "They came back with the right hash; the wallet's word can be collected.",
            W.COLLECTING: "It is being collected, which can be done only once.",
            W.PROVEN: "The wallet says that the address is theirs.",
            W.ENDED: "It was not proven in time, or no longer needs to be.",
        },
    ),
    (
        "Message",
        "One email to one person, once per occasion. Written down with what it tells of, rendered when it is sent.",
        MESSAGE_MOVES,
        {
            MessageState.QUEUED: "It is sent at once, or after a wait when the mail server did not take it.",
            MessageState.SENDING: "One worker hands it to the mail server. Should it die, another tries again.",
            MessageState.SENT: "The mail server took it.",
            MessageState.FAILED: "Given up, with the reason: refused, not needed any more, or tried too often.",
        },
    ),
    (
        "Proposal",
        "A change of what guards the money, as one administrator proposes it. Carried out when it is approved.",
        PROPOSAL_MOVES,
        {
            ProposalState.WAITING: "Nothing is changed yet: another administrator has two weeks to decide.",
            ProposalState.APPROVED: "It was carried out, by two, or by one where there was nobody else.",
            ProposalState.REJECTED: "Another one did not agree, and said why.",
            ProposalState.WITHDRAWN: "Whoever proposed it took it back.",
            ProposalState.EXPIRED: "Nobody decided on it in time.",
            ProposalState.SUPERSEDED: "What it was based on was changed meanwhile, so it was not carried out.",
        },
    ),
    (
        "Outside payment",
        "Work that was paid by bank or in cash, and never asked for in a wallet. Nothing else pays it while it waits.",
        OUTSIDE_PAYMENT_MOVES,
        {
            OutsidePaymentState.WAITING: "One person says that it was paid. It counts nowhere.",
            OutsidePaymentState.CONFIRMED: "A second person agreed: it counts as paid, apart from the wallets.",
            OutsidePaymentState.WITHDRAWN: "It was not paid after all, or something in the report was wrong.",
        },
    ),
]


def also_draw(*more: Table) -> None:
    """The tables of a room above this one. The same again changes nothing."""
    TABLES.extend(table for table in more if table not in TABLES)


def page() -> str:
    """`docs/states.md` as it should be."""
    return "\n".join([INTRODUCTION, *(line for table in TABLES for line in _section(*table))])


def _section(title: str, what: str, moves: Mapping[str, set[str]], meaning: Mapping[TextChoices, str]) -> Iterator[str]:
    yield f"## {title}\n\n{what}\n\n```mermaid"
    yield from diagram(moves)
    yield "```\n\n| state | on pages | what it means |\n|---|---|---|"
    for state, sentence in meaning.items():
        yield f"| `{state}` | {state.label} | {sentence} |"
    yield ""


def is_end(following: set[str]) -> bool:
    """Whether what goes to these states has ended: a payment can then only turn out to have got more than was known."""
    return not following - {P.NEEDS_ATTENTION}


def diagram(moves: Mapping[str, set[str]]) -> Iterator[str]:
    """A Mermaid state diagram: from the first state of the table to those that nothing leaves, or a surprise alone."""
    yield "stateDiagram-v2"
    yield f"    [*] --> {next(iter(moves))}"
    order = list(moves)
    for state, following in moves.items():
        for to in sorted(following, key=order.index):
            yield f"    {state} --> {to}"
        if is_end(following):
            yield f"    {state} --> [*]"
