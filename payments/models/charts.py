"""The chart of accounts: under which name the journal books what, for each seller."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.sellers import Seller

LONGEST_ACCOUNT: Final = 120


class AccountRole(models.TextChoices):
    """What an account is for. From `PAYERS` on it is money that is not ours: those come to nothing together."""

    OUR_WALLETS = "our_wallets", _("Our wallets")
    OUR_BANK = "our_bank", _("Our bank and cash")
    OUR_TRANSIT = "our_transit", _("On its way from our wallets")
    NOT_OVER = "not_over", _("Received to be held, not over")
    OUR_OTHERWISE = "our_otherwise", _("Ours, to be explained: ended, late or twice")
    HELD = "held", _("Held for jobs")
    FEES = "fees", _("Platform fees")
    FEES_RETURNED = "fees_returned", _("Platform fees given back")
    OWN_MONEY = "own_money", _("Our own money")
    PAID_EXACTLY = "paid_exactly", _("Fees and rates that held money bears")
    OUR_WALLET_FEES = "our_wallet_fees", _("Fees of our wallets")
    OUR_EXCHANGE = "our_exchange", _("Exchange of our money")
    PAYERS = "payers", _("Payers")
    TRANSIT = "transit", _("On its way from payers")
    OTHERWISE = "otherwise", _("To be explained: ended, late or twice")
    WALLET_FEES = "wallet_fees", _("Fees of payers' wallets")
    EXCHANGE = "exchange", _("Exchange of payers' money")
    WORKERS = "workers", _("Workers")
    SENT_BACK = "sent_back", _("Sent back to payers")
    OUTSIDE = "outside", _("Paid outside the wallets")
    WITH_US = "with_us", _("Between payers, workers and us")


#: Of a seller who has none of their own. A name has parts, from the whole to the part, with colons between.
DEFAULT_ACCOUNTS: Final[dict[AccountRole, str]] = {
    AccountRole.OUR_WALLETS: "assets:wallets",
    AccountRole.OUR_BANK: "assets:bank and cash",
    AccountRole.OUR_TRANSIT: "assets:in transit",
    AccountRole.NOT_OVER: "liabilities:received and not over",
    AccountRole.OUR_OTHERWISE: "liabilities:to be explained",
    AccountRole.HELD: "liabilities:held for jobs",
    AccountRole.FEES: "revenues:platform fees",
    AccountRole.FEES_RETURNED: "revenues:platform fees given back",
    AccountRole.OWN_MONEY: "equity:own money",
    AccountRole.PAID_EXACTLY: "equity:borne by held money",
    AccountRole.OUR_WALLET_FEES: "expenses:wallet fees",
    AccountRole.OUR_EXCHANGE: "equity:exchange",
    AccountRole.PAYERS: "clearing:payers",
    AccountRole.TRANSIT: "clearing:in transit",
    AccountRole.OTHERWISE: "clearing:to be explained",
    AccountRole.WALLET_FEES: "clearing:wallet fees",
    AccountRole.EXCHANGE: "clearing:exchange",
    AccountRole.WORKERS: "clearing:workers",
    AccountRole.SENT_BACK: "clearing:sent back",
    AccountRole.OUTSIDE: "clearing:paid outside",
    AccountRole.WITH_US: "clearing:with us",
}


class AccountName(models.Model):
    """What a seller calls one of the journal's accounts."""

    seller = models.ForeignKey(Seller, models.PROTECT, verbose_name=_("seller"), related_name="account_names")
    role = models.CharField(_("what is booked there"), max_length=16, choices=AccountRole)
    account = models.CharField(_("account"), max_length=LONGEST_ACCOUNT)

    class Meta:
        verbose_name = _("account of the journal")
        verbose_name_plural = _("chart of accounts")
        ordering = ["seller", "role"]
        permissions = [("download_journal", _("Can download the journal"))]
        constraints = [models.UniqueConstraint(fields=["seller", "role"], name="one_account_for_each_role")]

    def __str__(self) -> str:
        return self.account
