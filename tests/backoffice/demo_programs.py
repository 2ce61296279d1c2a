"""Makes a key and a webhook sender in the demo of DEMO_FOLDER, and prints what docs/by-curl.sh needs, as JSON."""

import json
import os

from backoffice.demo import environment

environment.prepare()
os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings"

import django  # noqa: E402 - the settings are in the environment only now

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from backoffice.demo.story import FIRST_JOB, SELLERS  # noqa: E402
from jobs.models import Job  # noqa: E402
from ledger import clock  # noqa: E402
from payments.actions import api_keys  # noqa: E402
from payments.actions.webhook_endpoints import add_sender  # noqa: E402
from payments.models import ApiScope  # noqa: E402

rosa = User.objects.get(username="rosa")
job = Job.objects.select_related("funder__wallet").get(title=FIRST_JOB)
assert job.funder.wallet
_key, token = api_keys.make("By curl", [ApiScope.ASK, ApiScope.READ_PAYMENTS, ApiScope.READ_SELLERS], by=rosa)
sender = add_sender("By curl", "", by=User.objects.get(username="admin"))
told = {
    "KEY": token,
    "OFFER": str(job.pk),
    "AMOUNT": str(job.budget.to_major()),
    "BUYER": job.funder.wallet.url,
    "SELLER": SELLERS[0][0],
    "HOLDER": SELLERS[1][0],
    "WEBHOOK_SECRET": sender.secrets(clock.now())[0],
}
print(json.dumps(told))  # noqa: T201 - for who started it
