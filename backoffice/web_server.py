"""How gunicorn serves the site: `gunicorn -c python:backoffice.web_server backoffice.wsgi`; options given to it win.

Some people wait for a wallet, for up to eight seconds, and a few of the threads with them (`payments.worker.places`):
the other threads serve pages and `/health` meanwhile. Who sends slowly waits without a thread (`whole_requests`).
"""

from backoffice.installation.private_files import keep_new_files_private
from payments import buckets  # noqa: F401 - one piece of memory for all processes, so it is made before they are

worker_class = "backoffice.front_door.whole_requests.WholeRequestWorker"
workers = 2
threads = 8
#: Those that are served, wait for a thread, or are still sending; the last are bounded by themselves.
worker_connections = 2000
#: One request for each connection: what follows the first would be waited for by a thread.
keepalive = 0
# Without a control socket, which would be one file for every gunicorn of this user.
control_socket_disable = True
keep_new_files_private()
