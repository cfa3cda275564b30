"""The command ``python -m v2g_nb.synthesis.who_gains``: who gains and who loses by a tariff."""

import sys

from v2g_nb.synthesis.tariffs import main

if __name__ == "__main__":
    sys.exit(main())
