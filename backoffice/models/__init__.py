from backoffice.models.digests import DigestSetting
from backoffice.models.exports import Export, RegularExport
from backoffice.models.queue_marks import QueueMark
from backoffice.models.saved_views import SavedView
from backoffice.models.sign_in import FactorSecret, FailedTries

__all__ = ["DigestSetting", "Export", "FactorSecret", "FailedTries", "QueueMark", "RegularExport", "SavedView"]
