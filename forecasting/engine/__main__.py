"""python -m forecasting.engine forecast|lifecycle …"""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
