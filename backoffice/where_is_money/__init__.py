"""One answer to “where is my money?”: for the command palette, and for the page of whoever says they weren't paid."""
