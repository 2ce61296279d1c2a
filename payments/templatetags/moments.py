"""`{{ when|moment }}`, `|day` and `|age` for members; `|stamp` and `|day_stamp` for staff, and `{% zone_name %}`."""

from django import template

from ledger.stamps import day_stamp, stamp
from payments.presentation.dates import age, day, moment, zone_name

register = template.Library()
for written in (moment, day, age, stamp, day_stamp):
    register.filter(written)
register.simple_tag(zone_name)
