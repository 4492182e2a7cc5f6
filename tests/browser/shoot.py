"""Take the pictures of the documentation from a running page: `python tests/browser/shoot.py http://127.0.0.1:7860`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
SHOTS = {"screenshot.png": (1120, 960, False), "screenshot-phone.png": (390, 1130, True)}
"""file → (width, height, dark)"""


def main(url: str) -> None:
    """One puzzle of the examples, answered by whoever is chosen when the page opens."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for file, (width, height, dark) in SHOTS.items():
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
            )
            page.goto(url)
            page.get_by_role("button", name="fiocco · pupazzo").click()
            page.get_by_role("button", name="Conosco la soluzione").click()
            page.get_by_label("La soluzione").fill("neve")
            page.get_by_role("button", name="Conosco la soluzione").click()
            for solver in sys.argv[2:3]:
                page.get_by_label(solver, exact=True).check(force=True)
            page.get_by_role("button", name="Risolvi").click()
            page.locator("#g-board [data-state=done]").wait_for(timeout=180_000)
            page.wait_for_timeout(1000)
            page.evaluate("document.activeElement.blur()")
            page.screenshot(path=DOCS / file)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
