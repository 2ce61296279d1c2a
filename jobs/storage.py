"""Where handed-in files lie: outside everything that is served. The admin gives them out, to who may see them."""

from django.conf import settings
from django.core.files.storage import FileSystemStorage


def submission_files() -> FileSystemStorage:
    # `base_url` is the admin's own page for files (`jobs.admin.submissions`).
    return FileSystemStorage(location=settings.VAR_DIR / "submissions", base_url="/admin/jobs/submission/files/")
