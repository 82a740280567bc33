"""`python -m crossgate` is the command `crossgate`."""

import sys

from crossgate.cli.main import main

sys.exit(main())
