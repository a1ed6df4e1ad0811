"""optbinning where this library's own solver does not reach: behind the same spec, imported only when asked for.

Reading order: ``solver`` (the same task by its programme), ``other_targets`` (amounts, classes, two variables at once).
"""
