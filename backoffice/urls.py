"""Every path of the site."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from backoffice.health import health
from backoffice.monitoring.page import metrics

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("", include("backoffice.sign_in.pages.urls")),
    path("admin/", admin.site.urls),
    path("health", health, name="health"),
    path("metrics", metrics, name="metrics"),
    path("languages/", include("django.conf.urls.i18n")),
    path("", include("payments.pages.urls")),
    path("", include("jobs.pages.urls")),
    path("", include("backoffice.api")),
]
