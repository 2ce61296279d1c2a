"""`{% active_pauses as paused %}` and `{{ pause|why }}`: what is paused, for the head of every admin page."""

from django import template

from payments.pauses import active
from payments.presentation.reasons import pause_reason

register = template.Library()
register.simple_tag(active, name="active_pauses")
register.filter("why", pause_reason)
