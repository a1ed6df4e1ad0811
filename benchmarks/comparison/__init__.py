"""Accuracy of tools on data sets: who is compared on what, results that can be resumed, paired differences.

Reading order: ``tasks`` (what is predicted, from which columns, on which rows), ``tools`` (who predicts), ``store`` (one file per
tool and fold, outside the repository), ``paired`` (differences on the same customers).
"""
