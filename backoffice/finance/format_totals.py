"""Where finance's pages take it from how totals are written; `payments.presentation.format_totals` writes them."""

from payments.presentation.format_totals import format_total, format_total_number, usual_places

__all__ = ["format_total", "format_total_number", "usual_places"]
