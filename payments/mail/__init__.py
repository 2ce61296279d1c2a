"""Mail: `queue` writes a message down, `rendering` makes its words, `sending` hands it to the mail server."""
