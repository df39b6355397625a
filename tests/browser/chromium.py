"""Chromium, driven over its DevTools pipe: pages are opened, looked at, typed into, and asked questions.

Source: https://chromedevtools.github.io/devtools-protocol/ (`--remote-debugging-pipe`: JSON messages, each ended by a
zero byte, read from file descriptor 3 and written to 4).
"""

import base64
import fcntl
import json
import os
import selectors
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SECONDS = 30.0
DESKTOP, PHONE = (1280, 900), (360, 740)


def program() -> str | None:
    """The browser's program, None where there is none."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Browser:
    """One running browser."""

    def __init__(self, process: subprocess.Popen[bytes], reads: int, writes: int) -> None:
        self._process, self._reads, self._writes = process, reads, writes
        self._selector = selectors.DefaultSelector()
        self._selector.register(reads, selectors.EVENT_READ)
        self._rest = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **params: Any) -> Any:
        """The result of a command. Raises AssertionError for one that fails or is not answered."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._writes, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + SECONDS
        while True:
            answer = self._next(deadline, method)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    def wait(self, event: str, session: str) -> dict[str, Any]:
        """The next event of that name, or one that has come already; it is taken off."""
        deadline = time.monotonic() + SECONDS
        while True:
            for seen in self.events:
                if seen.get("method") == event and seen.get("sessionId") == session:
                    self.events.remove(seen)
                    return seen
            self.events.append(self._next(deadline, event))

    def _next(self, deadline: float, what: str) -> dict[str, Any]:
        while b"\0" not in self._rest:
            assert self._selector.select(max(0.0, deadline - time.monotonic())), f"waited in vain for {what}"
            part = os.read(self._reads, 1 << 20)
            assert part, f"the browser ended before {what}"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    @contextmanager
    def page(self, size: tuple[int, int] = DESKTOP, *, scheme: str = "light", scripts: bool = True) -> Iterator["Page"]:
        """A tab of its own, without cookies of others."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        page.call(
            "Emulation.setDeviceMetricsOverride",
            width=size[0], height=size[1], deviceScaleFactor=1, mobile=size == PHONE,
        )  # fmt: skip
        page.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        try:
            yield page
        finally:
            self.call("Target.disposeBrowserContext", browserContextId=context)


class Page:
    """One tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **params: Any) -> Any:
        return self._browser.call(method, self._session, **params)

    def open(self, url: str) -> "Page":
        """Goes there and waits until it is loaded."""
        with self.leaving():
            self.call("Page.navigate", url=url)
        return self

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """What is done inside leads to another page, which is then waited for."""
        self._browser.events.clear()
        yield
        self._browser.wait("Page.loadEventFired", self._session)

    def ask(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Waits until the expression is true."""
        self.ask(
            f"new Promise((yes, no) => {{ const end = Date.now() + {SECONDS * 1000}; const look = () => ({expression})"
            f" ? yes() : Date.now() > end ? no(new Error('waited in vain')) : setTimeout(look, 20); look() }})"
        )

    def press(self, key: str, text: str = "") -> None:
        """One key, by its name in the DOM (`Tab`, `Enter`)."""
        codes = {"Tab": 9, "Enter": 13, " ": 32}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text if kind == "keyDown" else "",
                      windowsVirtualKeyCode=codes.get(key, 0))  # fmt: skip

    def type(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def html(self) -> str:
        """The document as it stands, also where scripts are off."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        return self.call("DOM.getOuterHTML", nodeId=root)["outerHTML"]

    def screenshot(self, file: Path) -> None:
        """The whole page as PNG."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def complaints(self) -> list[str]:
        """Errors in the console since the page began to load: scripts that failed, files refused or missing."""
        found = []
        for event in self._browser.events:
            if event.get("sessionId") != self._session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                found.append(event["params"]["exceptionDetails"]["text"])
            if event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(f"{event['params']['entry']['text']} {event['params']['entry'].get('url', '')}")
        return found


@contextmanager
def running(chromium: str, folder: Path) -> Iterator[Browser]:
    """A browser without a window, with its profile in `folder`."""
    its_input, our_output = os.pipe()
    our_input, its_output = os.pipe()
    # Out of the way of 3 and 4, where the browser wants them.
    high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (its_input, its_output)]
    command = [
        chromium, "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-first-run",
        "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-background-networking",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]  # fmt: skip

    def ends() -> None:
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    process = subprocess.Popen(
        command, pass_fds=(3, 4), preexec_fn=ends, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for end in (its_input, its_output, *high):
        os.close(end)
    try:
        yield Browser(process, our_input, our_output)
    finally:
        process.kill()
        process.wait()
        os.close(our_input)
        os.close(our_output)
