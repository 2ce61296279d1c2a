"""What programs ask for over HTTP, in the words of `docs/api.md`. The part that knows jobs is `jobs.api`."""
