"""Regressions beside the plain logistic one: ``lasso_path`` (which columns enter as a penalty is loosened)."""
