"""Which operation of the Open Payments OpenAPI documents a request is."""

import re

_ID = "[^/]+"
_TABLE: list[tuple[str, re.Pattern[str], str]] = [
    (method, re.compile(f"^{path}$"), operation)
    for method, path, operation in (
        ("POST", "/auth/?", "post-request"),
        ("POST", f"/auth/continue/{_ID}", "post-continue"),
        ("DELETE", f"/auth/continue/{_ID}", "delete-continue"),
        ("POST", f"/auth/token/{_ID}", "post-token"),
        ("DELETE", f"/auth/token/{_ID}", "delete-token"),
        ("GET", f"/auth/interact/{_ID}", "interaction-page"),
        ("POST", f"/auth/interact/{_ID}", "interaction-decision"),
        ("POST", "/op/incoming-payments", "create-incoming-payment"),
        ("GET", "/op/incoming-payments", "list-incoming-payments"),
        ("GET", f"/op/incoming-payments/{_ID}", "get-incoming-payment"),
        ("POST", f"/op/incoming-payments/{_ID}/complete", "complete-incoming-payment"),
        ("POST", "/op/quotes", "create-quote"),
        ("GET", f"/op/quotes/{_ID}", "get-quote"),
        ("POST", "/op/outgoing-payments", "create-outgoing-payment"),
        ("GET", "/op/outgoing-payments", "list-outgoing-payments"),
        ("GET", f"/op/outgoing-payments/{_ID}", "get-outgoing-payment"),
        ("GET", "/op/outgoing-payment-grant", "get-outgoing-payment-grant"),
        # What carries the money between providers; no part of Open Payments.
        ("POST", "/ilp", "deliver"),
        ("GET", f"/{_ID}/jwks.json", "get-wallet-address-keys"),
        ("GET", f"/{_ID}/did.json", "get-wallet-address-did-document"),
        ("GET", f"/{_ID}", "get-wallet-address"),
    )
]


def operation_of(method: str, path: str) -> str | None:
    """The operation id; None for pages, assets and the control API."""
    if path.startswith(("/sandbox", "/assets")):
        return None
    return next((operation for verb, pattern, operation in _TABLE if verb == method and pattern.match(path)), None)
