"""A wallet provider for development and tests: its own process, its own data, spoken to over HTTP only.

`python -m payments.sandbox --port 9100` starts one provider with any number of wallets; several providers (ports) pay
each other as strangers would. It is deliberately as strict as real wallets are. It holds no real money.
"""
