"""What programs ask for about jobs: an offer, in the words of `docs/api.md`."""
