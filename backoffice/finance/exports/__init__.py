"""Lists as files: exactly the rows that a person sees, at one moment, with control totals."""
