"""Everything that is known of one payment, or of a job, as one file for somebody who must be convinced."""
