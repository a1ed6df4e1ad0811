"""``python -m credit_risk`` is ``credit-risk``."""

import sys

from credit_risk.jobs.cli import main

sys.exit(main())
