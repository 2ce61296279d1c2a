"""Included at the root of the site. Short, because people read these links out and type them."""

from django.urls import path

from jobs.pages.funder import funder, statement, statement_file
from jobs.pages.worker import worker

urlpatterns = [
    path("w/<str:token>", worker, name="worker"),
    path("f/<str:token>", funder, name="funder"),
    path("f/<str:token>/<str:month>", statement, name="statement"),
    path("f/<str:token>/<str:month>/file", statement_file, name="statement_file"),
]
