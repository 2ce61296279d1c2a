"""The authorization server: grants, interactions, access tokens."""
