"""Included at the root of the site."""

from django.urls import path

from payments.pages.approve import approve
from payments.pages.finish import finish
from payments.pages.incoming_webhook import incoming_webhook
from payments.pages.live_status import status
from payments.pages.no_mail import no_mail
from payments.pages.proof import proof
from payments.pages.prove import prove

urlpatterns = [
    path("approve/<str:token>", approve, name="approve"),
    path("approve/<str:token>/status", status, name="approve-status"),
    path("approve/<str:token>/proof/<str:payment_id>", proof, name="approve-proof"),
    path("prove/<str:token>", prove, name="prove"),
    path("no-mail/<str:token>", no_mail, name="no-mail"),
    path("payments/finish", finish, name="finish"),
    path("api/webhooks/payments", incoming_webhook, name="incoming-webhook"),
]
