"""``python tools/sample [OUT]``: make the sample province; in ``data/`` when OUT is not named."""

import sys
from pathlib import Path

# The folder itself is on the path then, not the one that holds the package.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from sample.make import main

main(sys.argv[1:])
