"""The door for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from backoffice.installation.private_files import keep_new_files_private

keep_new_files_private()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
application = get_wsgi_application()
