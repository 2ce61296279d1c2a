"""The resource server: incoming payments, quotes, outgoing payments, and what moves the money."""
