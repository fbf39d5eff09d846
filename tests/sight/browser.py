"""Headless Chromium, asked word by word what a person sees of a text."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Final

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

JUDGE: Final = (Path(__file__).parent / "judge.js").read_text(encoding="utf-8")
BRING: Final = "apt-get install -y chromium chromium-driver"
_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Seen:
    """The words of one text that a person sees, and those that nobody sees, each with the reason."""

    seen: Sequence[str]
    unseen: Mapping[str, str]


class Browser:
    """A page in which texts are shown one after the other, in frames that run no script."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver

    def see(self, texts: Sequence[str]) -> list[Seen]:
        """Return what a person sees of each text."""
        found: list[Seen] = []
        for start in range(0, len(texts), _AT_ONCE):
            answers = self._driver.execute_async_script(JUDGE, list(texts[start : start + _AT_ONCE]))
            if isinstance(answers, str):
                raise AssertionError(answers)
            found += [Seen(each["seen"], each["unseen"]) for each in answers]
        return found


def missing() -> bool:
    """Tell whether Chromium or its driver is not installed."""
    return which("chromium") is None or which("chromedriver") is None


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium without a network, and end it."""
    options = webdriver.ChromeOptions()
    options.binary_location = which("chromium") or ""
    for each in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900",
        "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--force-color-profile=srgb",
    ):  # fmt: skip
        options.add_argument(each)
    driver = webdriver.Chrome(options=options, service=Service(which("chromedriver") or ""))
    try:
        driver.set_script_timeout(120)
        driver.get("data:text/html,<!doctype html><meta charset=utf-8><body style='margin:0;height:7000px'>")
        yield Browser(driver)
    finally:
        driver.quit()
