"""When two must agree: rules that administrators write, and what is held while a person's own sum is counted."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from payments.models.fields import Dated, asset_code_field, asset_scale_field, value_field

#: Days in which a receiver's wallet counts as changed, unless the rule says otherwise.
CHANGED_DAYS = 30
MOST_DAYS = 366


class Measure(models.TextChoices):
    """What is compared with the amount of a rule."""

    REQUEST = "request", _("One request")
    DAY = "day", _("All that one person sends alone in 24 hours")


class ActionKind(models.TextChoices):
    """What staff ask for. Paying out held money and settling outside always need two, so no rule is about them."""

    ANY = "any", _("Whatever is asked for")
    ASK = "ask", _("Asking a payer")
    DRAW = "draw", _("Paying from a standing budget")
    BUDGET = "budget", _("Setting up a standing budget")
    REFUND = "refund", _("A refund")


class ReceiverState(models.TextChoices):
    """How well the receiver's wallet is known."""

    ANY = "any", _("Whoever receives it")
    UNPROVEN = "unproven", _("The owner of a receiver's wallet has not proven that it is theirs")
    CHANGED = "changed", _("A receiver's wallet changed lately")
    FIRST = "first", _("Nothing was ever paid to a receiver's wallet")


class SecondPersonRule(models.Model):
    """Above this amount, in this currency, where the rest is so, a second person must authorise a payment request.

    The amount is `limit` with its last `asset_scale` digits after the point, whatever the scale of a wallet.
    """

    asset_code = asset_code_field()
    asset_scale = asset_scale_field(verbose_name=_("decimal places"))
    limit = value_field(verbose_name=_("largest amount without a second person"))
    measure = models.CharField(_("what is compared"), max_length=8, choices=Measure, default=Measure.REQUEST)
    action = models.CharField(_("for what"), max_length=8, choices=ActionKind, default=ActionKind.ANY)
    receiver = models.CharField(_("when"), max_length=8, choices=ReceiverState, default=ReceiverState.ANY)
    # Of a wallet that changed: so many days ago at the most.
    days = models.PositiveSmallIntegerField(
        _("within how many days"), default=CHANGED_DAYS, validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)]
    )

    class Meta:
        verbose_name = _("rule for a second person")
        verbose_name_plural = _("rules for a second person")
        ordering = ["asset_code", "measure", "action", "receiver"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset_code", "measure", "action", "receiver"], name="one_rule_about_the_same"
            ),
            models.CheckConstraint(
                condition=~models.Q(measure="day") | models.Q(action="any", receiver="any"),
                name="a_persons_sum_is_of_everything",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_code} {self.measure} {self.action} {self.receiver}"


class Colleague(Dated):
    """Of a member of staff, beside their sign-in: the language they work in.

    Their row is held while it is counted what they sent alone, so that two of their requests can't be counted at once.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="+")
    language = models.CharField(_("language"), max_length=8, default=settings.LANGUAGE_CODE)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.user)
