"""The rows of the payments room."""

from payments.models.api_keys import ApiAnswer, ApiAsk, ApiKey, ApiScope, Marketplace
from payments.models.attempts import IncomingPayment, OutgoingPayment, Quote
from payments.models.charts import AccountName
from payments.models.grants import Grant
from payments.models.host_calls import HostCalls
from payments.models.hosts import WalletHost
from payments.models.incoming_asks import IncomingAsk
from payments.models.ledger_checks import LedgerCheck
from payments.models.mail_stops import MailStop
from payments.models.messages import Message
from payments.models.outside import OutsideSettlement
from payments.models.outside_payments import OutsidePayment, OutsidePaymentState
from payments.models.pauses import Installation, Pause
from payments.models.payments import Payment
from payments.models.proofs import ProofLimit, WalletProof
from payments.models.proposals import BrokenGlass, Proposal
from payments.models.refunds import Refund
from payments.models.reminders import Reminder
from payments.models.requests import PaymentRequest
from payments.models.risk import RiskLevel, RiskOverride, RiskSetting
from payments.models.rules import Colleague, SecondPersonRule
from payments.models.sellers import Seller, SellerKey
from payments.models.staff_notes import NoteMention, StaffNote
from payments.models.standing_budgets import BudgetPeriod, Draw, StandingBudget
from payments.models.wallets import WalletAddress
from payments.models.webhooks import ReceivedWebhook, WebhookDelivery, WebhookEndpoint, WebhookSender

__all__ = [
    "AccountName",
    "ApiAnswer",
    "ApiAsk",
    "ApiKey",
    "ApiScope",
    "BrokenGlass",
    "BudgetPeriod",
    "Colleague",
    "Draw",
    "Grant",
    "HostCalls",
    "IncomingAsk",
    "IncomingPayment",
    "Installation",
    "LedgerCheck",
    "MailStop",
    "Marketplace",
    "Message",
    "NoteMention",
    "OutgoingPayment",
    "OutsidePayment",
    "OutsidePaymentState",
    "OutsideSettlement",
    "Pause",
    "Payment",
    "PaymentRequest",
    "ProofLimit",
    "Proposal",
    "Quote",
    "ReceivedWebhook",
    "Refund",
    "Reminder",
    "RiskLevel",
    "RiskOverride",
    "RiskSetting",
    "SecondPersonRule",
    "Seller",
    "SellerKey",
    "StaffNote",
    "StandingBudget",
    "WalletAddress",
    "WalletHost",
    "WalletProof",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookSender",
]
