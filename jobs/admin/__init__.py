"""The marketplace's pages in the back office."""

from jobs.admin import applications, jobs, members, notes, outside_payments, submissions

__all__ = ["applications", "jobs", "members", "notes", "outside_payments", "submissions"]
