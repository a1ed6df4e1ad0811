"""Inside the readers: where tables come from, and how a written column becomes whole numbers.

Reading order: ``stores`` (folders, DuckDB files, databases), ``text`` (columns of a CSV file), ``decoding`` (columns to
scaled whole numbers, every fault noted by row), ``validation`` (the contract's rules, run by pandera), ``own_folder`` (where
personal data is set aside).
"""
