"""How people come in and stay in: the pages, the second factor, lock-outs, sessions. `docs/signing-in.md` tells it."""
