"""Where the program begins, also as `python -m heliograph`; hides that loading the commands can be interrupted, too."""

import os
import sys

try:
    from heliograph.cli import main
except KeyboardInterrupt:
    os.write(2, b"heliograph: interrupted\n")
    sys.exit(130)

if __name__ == "__main__":
    main(prog_name="heliograph")
