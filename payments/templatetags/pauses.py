"""`{% active_pauses as paused %}` and `{{ pause|why }}`: what is paused, for the head of every admin page."""

from django import template

from payments.desk import pausing
from payments.models import Pause

register = template.Library()


@register.simple_tag
def active_pauses() -> list[Pause]:
    return pausing.active()


@register.filter
def why(pause: Pause) -> str:
    return pausing.why(pause)
