"""Members as the money's rows keep them: whom to write to, and for whose books. And what is usual for their jobs."""

from jobs.models import Member, Organisation
from payments.actions.requests import Contact
from payments.models import Seller


def contact_of(member: Member) -> Contact:
    """As somebody who receives."""
    return Contact(member.name, member.email, member.language, member.key)


def payer_of(member: Member) -> Contact:
    """As somebody who pays: of an organisation, whoever approves there is written to, and its accounts get receipts."""
    organisation = _organisation(member)
    if organisation is None:
        return contact_of(member)
    details = {
        "legal_name": organisation.legal_name,
        "tax_id": organisation.tax_id,
        "address": organisation.address,
        "approver": organisation.approver_name,
    }
    return Contact(
        name=member.name,
        email=organisation.approver_email or member.email,
        language=organisation.approver_language or member.language,
        key=member.key,
        details={name: text for name, text in details.items() if text},
        accounts=_accounts(organisation),
    )


def zone_of(key: str) -> str:
    """The time zone of the organisation that the money's rows call `key`; empty where nobody said."""
    room, _colon, pk = key.partition(":")
    if room != "member" or not pk.isdecimal():
        return ""
    return Organisation.objects.filter(member=int(pk)).values_list("time_zone", flat=True).first() or ""


def default_reference(member: Member) -> str:
    organisation = _organisation(member)
    return organisation.default_reference if organisation else ""


def currency_and_seller(member: Member) -> tuple[str, Seller | None]:
    """Of a new job for this funder that names none; empty where there is no default. A retired seller is none."""
    organisation = _organisation(member)
    if organisation is None:
        return "", None
    seller = organisation.default_seller
    return organisation.default_currency, None if seller is None or seller.retired_at else seller


def _organisation(member: Member) -> Organisation | None:
    return Organisation.objects.select_related("default_seller").filter(member=member).first()


def _accounts(organisation: Organisation) -> dict[str, str]:
    if not organisation.accounts_email:
        return {}
    return {
        "name": organisation.accounts_name or organisation.legal_name or organisation.member.name,
        "email": organisation.accounts_email,
        "language": organisation.accounts_language or organisation.member.language,
    }
