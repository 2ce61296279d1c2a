"""Django's command line with the suite's environment, for checks that need settings but no real secrets."""

import os
import sys

from django.core.management import execute_from_command_line

from tests import environment  # noqa: F401 - must run before the settings are read

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    execute_from_command_line(sys.argv)
