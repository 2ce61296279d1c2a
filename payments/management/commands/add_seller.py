"""`manage.py add_seller`: register one of the platform's own accounts, with its private key."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from ledger.api import Actor
from payments.actions.sellers import KeyFileError, published_key, read_key_file, register
from payments.models import Seller
from payments.openpayments.keys import KeyFormatError
from payments.presentation.reasons import Refusal


class Command(BaseCommand):
    help = "Register a seller (an account of the platform at a wallet), or bring it up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--id", required=True, help="letters, digits, - and _; never changes")
        parser.add_argument("--name", help="what payers read: who asks for the money (default: the id)")
        parser.add_argument("--wallet", required=True, help="https://wallet.example/us or $wallet.example/us")
        parser.add_argument("--key-id", required=True, help="the kid under which the wallet lists the public key")
        parser.add_argument("--key-file", required=True, type=Path, help="Ed25519 private key, PKCS#8 PEM, mode 600")
        parser.add_argument("--default", action="store_true", help="use this seller where none is chosen")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            Seller(id=options["id"]).clean_fields(exclude={"name", "wallet", "key_id"})
            seller = register(
                options["id"],
                options["wallet"],
                options["key_id"],
                read_key_file(options["key_file"]),
                options["name"],
                default=True if options["default"] else None,
                actor=Actor.system("add_seller"),
            )
        except KeyFormatError as error:
            raise CommandError(f"{options['key_file']}: {error}.") from None
        except (KeyFileError, Refusal) as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError("--id: " + " ".join(error.messages)) from error
        self.stdout.write(f"{seller.name} ({seller.pk}) signs for {seller.wallet.url}.")
        self.stdout.write("Publish this key at the wallet address, in its jwks.json:")
        self.stdout.write(json.dumps(published_key(seller).to_wire(), indent=2))
