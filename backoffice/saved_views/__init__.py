"""Lists by a name: filters, search and order that somebody saved, for themselves or for everybody who sees the list."""
