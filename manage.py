#!/usr/bin/env python
"""The command line of the back office."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from backoffice.demo import environment as demo
from backoffice.installation.private_files import keep_new_files_private

if __name__ == "__main__":
    keep_new_files_private()
    if sys.argv[1:2] == ["demo"]:
        demo.prepare()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        # A setting that stops the start: the sentence says which one and what to do, where this happened doesn't.
        sys.exit(f"bad   settings: {wrong}")
