"""python -m pricing.engine elasticity|scenario …"""

import os
import sys

# Before numpy is loaded: one thread a process for BLAS, for the processes of the command line fill the cores.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from .cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
