"""The whole product on one machine, for whoever wants to see it: `make demo`."""
