"""Members, jobs, applications and submissions from files (CSV): looked at, then imported whole or not at all.

A file is read in the request that uploads it, and again, from the page that was shown, in the one that imports it. So
nobody's names and addresses are left lying about meanwhile, and no worker has to be waited for; for that a file has no
more rows than one request can do (`reading.MOST_ROWS`). What a row may be is the affair of `jobs.intake`.
"""
