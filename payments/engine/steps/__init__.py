"""One file per thing a wallet is asked to do. A step's intent is written down by the plan that made it."""
