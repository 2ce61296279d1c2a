"""What workers do for summaries. It may run twice, at once, or late: the rows decide what is left to do."""

from backoffice.digests import sending


def send_digests() -> None:
    """Every half an hour: to whom it is a morning that they chose."""
    sending.send_due()
