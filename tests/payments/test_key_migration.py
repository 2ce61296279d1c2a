"""A seller's one key, kept in its row until now, becomes a row of its own that still signs for what was begun."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from payments.encryption import seal
from payments.models import Grant, Seller
from payments.openpayments.keys import generate_key, private_key_to_pem
from payments.states import KeyState
from tests.payments.public_cast import asked, grant_to_pay

BEFORE = ("payments", "0003_a1_held")


@pytest.mark.django_db(transaction=True)
def test_the_key_of_a_seller_becomes_a_row_with_its_grants() -> None:
    request = asked()
    grant = grant_to_pay(request, "pending")
    pem = private_key_to_pem(generate_key())
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    old = MigrationExecutor(connection)
    old.migrate([BEFORE])
    row = old.loader.project_state([BEFORE]).apps.get_model("payments", "Seller").objects.get()
    row.key_id, row.sealed_key = "k7", seal(row.pk, {"private_key": pem})
    row.save()
    MigrationExecutor(connection).migrate(newest)
    seller = Seller.objects.get()
    key = seller.active_key
    assert (key.kid, key.state, key.private_key) == ("k7", KeyState.ACTIVE, pem)
    assert private_key_to_pem(seller.signer().private_key) == pem
    assert Grant.objects.get(pk=grant.pk).key == key
