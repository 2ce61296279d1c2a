"""How gunicorn serves the site: `gunicorn -c python:backoffice.web_server backoffice.wsgi`; options given to it win.

Some people wait for a wallet, for up to eight seconds, and a few of the threads with them (`payments.worker.places`):
the other threads serve pages and `/health` meanwhile.
"""

workers = 2
threads = 8
# Without a control socket, which would be one file for every gunicorn of this user.
control_socket_disable = True
