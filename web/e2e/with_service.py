"""Goes through the page of a real service: starts one on a free port with an empty folder, and ends it.

    python web/e2e/with_service.py --out dist/e2e [--recording FILE --transcript FILE] [...]

Arguments are those of `npm run e2e`. Needs Node.js, `npm ci` in web/, and a Chromium.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

WEB = Path(__file__).resolve().parents[1]


def main() -> int:
    """The exit code of the trial."""
    crossgate = Path(sys.executable).parent / "crossgate"
    with tempfile.TemporaryDirectory() as folder:
        service = subprocess.Popen(
            [str(crossgate), "serve", "--port", "0", "--data", folder], stdout=subprocess.PIPE, text=True
        )
        try:
            assert service.stdout is not None
            address = service.stdout.readline().strip()
            if not address:
                return service.wait()
            print(f"service at {address}", flush=True)
            trial = ["npm", "run", "--silent", "e2e", "--", "--base", address, *sys.argv[1:]]
            return subprocess.run(trial, cwd=WEB, check=False).returncode
        finally:
            service.terminate()
            service.wait(timeout=60)


if __name__ == "__main__":
    sys.exit(main())
