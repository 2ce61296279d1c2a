"""Faults: what this provider does wrong on demand. `catalogue.py` names all of them; a new one is added there.

A fault strikes requests by a rule (`rules.py`, applied to every request in `middleware.py`), or changes what the
provider remembers, once and at once (`changed_state.py`).
"""
