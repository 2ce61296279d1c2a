from backoffice.models.digests import DigestSetting
from backoffice.models.exports import Export, RegularExport
from backoffice.models.sign_in import FactorSecret, FailedTries

__all__ = ["DigestSetting", "Export", "FactorSecret", "FailedTries", "RegularExport"]
