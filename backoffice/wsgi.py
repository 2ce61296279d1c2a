"""The door for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from backoffice.front_door.content_types import read_as_utf_8
from backoffice.installation.private_files import keep_new_files_private

keep_new_files_private()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
application = read_as_utf_8(get_wsgi_application())
