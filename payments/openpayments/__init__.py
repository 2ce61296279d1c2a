"""The protocol client: Open Payments 1.3.0 over GNAP, without Django, database or language.

`client` has the calls and `access` what a grant request asks for; `types` is what they answer, `errors` what can go
wrong. Below them, `transport` sends one request safely (`urls` and `addresses` decide where to, `network` holds the
sockets), `signing` and `keys` prove who we are, `parsing` reads and distrusts. `amounts` and `interaction` stand alone.
"""
