"""`{{ when|moment }}`, `|day` and `|age` for templates."""

from django import template

from payments.presentation.dates import age, day, moment

register = template.Library()
for written in (moment, day, age):
    register.filter(written)
