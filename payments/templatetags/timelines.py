"""`{{ timeline|told }}`: the lines of a timeline that people want to know, newest first."""

from django import template

from payments.presentation.timeline_lines import told

register = template.Library()
register.filter(told)
