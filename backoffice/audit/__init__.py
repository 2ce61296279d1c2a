"""An auditor from outside: sees the payments of one period, until a day, and nothing else."""
