"""Real time: one applicant's records of one source to the plan's whole numbers; ``closure`` makes feature values of them.

Reading order: ``history`` (plain Python: short histories, and what every path means), ``long_history`` and ``long_groups``
(the same in arrays).
"""
