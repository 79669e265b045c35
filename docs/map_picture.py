"""Picture of the sample's map for README: ``python docs/map_picture.py DEMO/out/map.html``.

Needs a headless Chromium (``PHUSONG_CHROMIUM`` names it) and Pillow, both of the test tools.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

WIDTH, HEIGHT = 1366, 768
COLOURS = 256
"""Of the palette, by clusters of colours so that none of the few small marks is lost."""


def shoot(page_file: Path, target: Path, language: str = "en") -> None:
    """Open the map, wait for its first view and keep it as a PNG with a palette."""
    chromium = os.environ.get("PHUSONG_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(page_file.resolve().as_uri())
        page.click(f'[data-language="{language}"]')
        page.wait_for_timeout(1500)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        browser.close()
    small = picture.quantize(COLOURS, Image.Quantize.FASTOCTREE, kmeans=3, dither=Image.Dither.NONE)
    small.save(target, optimize=True)


if __name__ == "__main__":
    shoot(Path(sys.argv[1]), Path(__file__).parent / "map.png", *sys.argv[2:3])
