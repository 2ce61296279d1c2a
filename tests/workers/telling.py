"""`python -m tests.workers.telling`: endpoints, and test events for each, for workers to deliver.

One JSON object on standard input: `urls`, an endpoint at each, and how many `events` each is to be told. It prints the
endpoints' secrets by their ids, as JSON.
"""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
django.setup()

from django.db import transaction  # noqa: E402

from payments.actions.webhook_endpoints import EndpointTerms, add_endpoint  # noqa: E402
from payments.models.webhooks import WebhookEvent  # noqa: E402
from payments.webhooks.events import write_test  # noqa: E402
from tests.cast import staff  # noqa: E402
from tests.payments.webhooks import secret_of  # noqa: E402


def tell(urls: list[str], events: int) -> dict[str, str]:
    keeper = staff("ana")
    endpoints = [add_endpoint(EndpointTerms(url[-99:], url, WebhookEvent.values, keeper), by=keeper) for url in urls]
    with transaction.atomic():
        for _ in range(events):
            for endpoint in endpoints:
                write_test(endpoint)
    return {endpoint.pk: secret_of(endpoint) for endpoint in endpoints}


if __name__ == "__main__":
    print(json.dumps(tell(**json.load(sys.stdin))))  # noqa: T201 - what it is for
