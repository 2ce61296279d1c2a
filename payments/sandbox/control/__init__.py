"""What tests and the demo steer: wallets, settings, the clock, faults, the log of requests."""
