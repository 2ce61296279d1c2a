"""How members, jobs, applications and submissions come to be, and are changed: one form for each, for every door.

Staff fill them in on a page, a file has one in each row (`backoffice.intake`), a program posts one (`jobs.api`). Each
door only translates: it makes a form of what it was given, asks whether it is valid, and in the same transaction has it
kept. So a rule stands once, here or on the model, and is told in the same words everywhere:

    form = JobIntake({"title": …, "funder": 7, "budget_text": "1250.00", "currency": "MXN"})
    if form.is_valid():
        form.keep(by=person)  # the row, its ledger entry, and whatever follows from them
    else:
        form.errors  # sentences, by field; a rule of ours has its code

`IntakeForm` (`rows.py`) has what all have in common; the others are named for what they make. What is decided *about* a
row later (publish, select, accept …) is `jobs.decisions`. Nobody is asked over the network here.
"""
