"""Drives the console in a headless Chromium. Called by deploy/console-check, which says what the settings mean."""

import json
import os
import sys
import time
from pathlib import Path
from urllib.parse import quote

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

URL = os.environ["CONSOLE_URL"].rstrip("/") + "/"
QUESTION = os.environ.get("CONSOLE_QUESTION", "lights that were switched on")
SECONDS = 20
SIZES = {"390": (390, 844), "1280": (1280, 800)}
PAGES = ["", "live", "search", "entities", "automations", "approvals", "decisions", "rules", "stops", "gaps", "audit", "account"]
# Chromium notes each answer that is no success in its console; asking who is signed in gets a 401 when nobody is.
EXPECTED = "api/v1/session - Failed to load resource: the server responded with a status of 401"
# What a person can see of such elements; the first of them.
SHOWN = """
const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
const shown = (selector) => [...document.querySelectorAll(selector)].find(seen);
"""
# Set before any script of the page runs: tells of every breach of the content security policy, and of a script that ran.
WATCH = """
window.__breaches = [];
addEventListener("securitypolicyviolation", (e) => window.__breaches.push(e.violatedDirective + " " + e.blockedURI));
addEventListener("error", (e) => window.__breaches.push("error " + e.message));
addEventListener("unhandledrejection", (e) => window.__breaches.push("rejection " + e.reason));
"""


class Fault(Exception):
    """A step that did not do what it should; its text is for a person."""


class Visit:
    """A browser with the console in it."""

    def __init__(self, pictures):
        self.pictures = Path(pictures)
        options = Options()
        for flag in ("--headless=new", "--no-sandbox", "--hide-scrollbars", "--disable-dev-shm-usage", "--window-size=1280,800"):
            options.add_argument(flag)
        # A console with a certificate of its own is looked at as well.
        options.accept_insecure_certs = True
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        self.faults = []

    # The page redraws itself while it is looked at: what belongs together is asked in one script, since an element
    # that was found may be gone at the next question.

    def find(self, selector):
        """The first such element that is shown, or None."""
        return self.driver.execute_script(f"{SHOWN} return shown(arguments[0]) ?? null", selector)

    def says(self, selector):
        """The text of the first such element that is shown, in one line, or None."""
        text = self.driver.execute_script(f"{SHOWN} return shown(arguments[0])?.innerText ?? null", selector)
        return None if text is None else " ".join(text.split())

    def wait(self, what, condition, seconds=SECONDS):
        """Waits until `condition` gives something true, which is returned."""
        try:
            return WebDriverWait(self.driver, seconds, ignored_exceptions=[WebDriverException]).until(lambda _: condition())
        except TimeoutException:
            seen = self.driver.execute_script("return document.body.innerText.slice(0, 400)")
            raise Fault(f"{what} did not come within {seconds} s. The page said: {' '.join(seen.split())}") from None

    def button(self, text, within=""):
        """The button with such a text, when it is there and may be pressed."""
        return self.driver.execute_script(f"""{SHOWN} return [...document.querySelectorAll(arguments[0])]
            .find((one) => seen(one) && !one.disabled && one.innerText.trim().startsWith(arguments[1])) ?? null""", f"{within} button", text)

    def press(self, text, within=""):
        def pressed():
            button = self.button(text, within)
            if button:
                button.click()
            return button

        # A click that fails reached nothing, so that it is tried again: the button was redrawn, or something lay above it.
        self.wait(f"The button “{text}”", pressed)

    def settle(self, what):
        """Waits until nothing on the page loads any more; a part that could not be shown is a fault."""
        self.wait(what, lambda: self.find("main h1") and not self.driver.find_elements(By.CSS_SELECTOR, "main [aria-busy], main .skeleton, .boot"))
        if failure := self.says("main .failure"):
            raise Fault(f"{what} says: {failure}")

    def open(self, path, fresh=False):
        if fresh:
            self.driver.get("about:blank")
        self.driver.get(f"{URL}#/{path}")
        self.settle(f"The page “{path or 'home'}”")

    def collect(self):
        """Takes what the browser has reported since it was asked last."""
        for entry in self.driver.get_log("browser"):
            if entry["level"] == "SEVERE" and EXPECTED not in entry["message"]:
                self.faults.append(entry["message"])
        self.faults += self.driver.execute_script("const found = window.__breaches ?? []; window.__breaches = []; return found")

    def dialog(self, submit, text=None):
        """Fills in the dialog that is open and sends it."""
        self.wait("The dialog", lambda: self.find("dialog[open]"))
        if text is not None:
            self.find("dialog[open] textarea").send_keys(text)
        self.press(submit, "dialog[open]")
        self.wait("The end of the dialog", lambda: not self.find("dialog[open]") or self.problem())
        if problem := self.problem():
            raise Fault(f"The deed was refused: {problem}")

    def problem(self):
        return self.says(".form-problem")

    def picture(self, name):
        """A picture in each size and theme, as long as the page is (within reason)."""
        for theme in ("light", "dark"):
            self.driver.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
            for label, (width, height) in SIZES.items():
                self.size(width, height)
                time.sleep(0.2)
                wide, tall = self.driver.execute_script("return [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
                if wide > width:
                    self.faults.append(f"{name} is {wide} px wide on a screen of {width}.")
                self.size(width, max(height, min(tall, 2400)))
                time.sleep(0.2)
                self.driver.save_screenshot(str(self.pictures / f"{name}-{theme}-{label}.png"))
        self.size(*SIZES["1280"])
        self.driver.execute_script("delete document.documentElement.dataset.theme")

    def size(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    # Steps. Each returns what it found out, for the line that is printed.

    def refusal(self):
        self.open("sign-in", fresh=True)
        self.picture("sign-in")
        self.fill(os.environ["CONSOLE_USER"], "surely not this one")
        return self.wait("The refusal of a wrong password", self.problem)

    def fill(self, name, password):
        for selector, text in (("main input[autocomplete=username]", name), ("main input[type=password]", password)):
            element = self.wait("The form", lambda selector=selector: self.find(selector))
            element.clear()
            element.send_keys(text)
        self.press("Sign in", "main")

    def sign_in(self):
        # Where one wanted to go is where one comes to.
        self.open("entities", fresh=True)
        if "sign-in" not in self.driver.current_url:
            raise Fault("A page was shown to nobody in particular.")
        self.fill(os.environ["CONSOLE_USER"], os.environ["CONSOLE_PASSWORD"])
        self.wait("The page one came from", lambda: self.driver.current_url.endswith("#/entities"))
        self.settle("The list of entities")
        return "and back on the page that was asked for"

    def look(self):
        for path in PAGES:
            self.open(path)
            self.picture(path or "home")
            headings = self.driver.execute_script("return [...document.querySelectorAll('main h1, main h2, main h3')].map((one) => Number(one.tagName[1]))")
            if headings.count(1) != 1 or any(after > before + 1 for before, after in zip(headings, headings[1:])):
                self.faults.append(f"The headings of {path or 'home'} are out of order: {headings}")
            nameless = self.driver.execute_script("""return [...document.querySelectorAll("main input, main select, main textarea")]
                .filter((one) => one.offsetParent && !one.labels?.length && !one.ariaLabel).length""")
            if nameless:
                self.faults.append(f"{nameless} inputs of {path or 'home'} have no label.")
        return f"{len(PAGES)} pages"

    def live(self):
        self.open("live")
        self.wait("The stream", lambda: self.find(".tail-status[data-state=open]"))
        return f"{len(self.driver.find_elements(By.CSS_SELECTOR, '.tail-row'))} events"

    def search(self):
        self.open(f"search?q={quote(QUESTION)}")
        found = len(self.driver.find_elements(By.CSS_SELECTOR, ".result"))
        self.picture("search-results")
        if found == 0:
            raise Fault(f"Nothing was found for “{QUESTION}”.")
        return f"{found} results"

    def entity(self):
        self.open("entities")
        rows = self.driver.find_elements(By.CSS_SELECTOR, ".table tbody th a")
        if not rows:
            raise Fault("There are no entities.")
        wanted = [one for one in rows if one.get_attribute("href").split("/")[-1].startswith(("sensor.", "light."))] or rows
        name = wanted[0].text
        self.driver.execute_script("arguments[0].click()", wanted[0])
        self.wait("The entity", lambda: self.find(".now-state"))
        for label in ("Hour", "Day", "Year"):
            self.driver.execute_script("""for (const one of document.querySelectorAll(".segmented label"))
                if (one.textContent === arguments[0]) one.click()""", label)
            self.settle(f"The history of a {label.lower()}")
        self.picture("entity")
        return name

    def first_automation(self):
        self.open("automations")
        rows = self.driver.find_elements(By.CSS_SELECTOR, ".table tbody th a")
        if not rows:
            return "there is none"
        name = rows[0].text
        self.driver.execute_script("arguments[0].click()", rows[0])
        self.wait("The automation", lambda: self.find("main .now"))
        self.settle("The automation")
        self.picture("automation")
        return name

    def scripted(self):
        entity = os.environ.get("CONSOLE_SCRIPTED")
        if not entity:
            return "no such entity was named"
        self.open(f"entities?q={quote(entity)}")
        self.wait("The entity with a scripted name", lambda: self.find(f'.table a[href$="{quote(entity, safe="")}"]'))
        self.wait("Its name as text", lambda: "<img" in (self.says(".table") or ""))
        if self.driver.execute_script("return document.querySelectorAll('main img').length"):
            raise Fault("A friendly name became an element of the page.")
        self.picture("scripted-name")
        return "shown as text"

    def approve(self):
        self.open("approvals")
        links = self.driver.find_elements(By.CSS_SELECTOR, ".cards h2 a")
        if not links:
            return "none waits"
        name = links[0].text
        self.driver.execute_script("arguments[0].click()", links[0])
        self.wait("The proposal", lambda: self.find(".deeds"))
        self.picture("approval")
        self.press("Approve", ".deeds")
        self.dialog("Approve", "Looked at by deploy/console-check")
        self.wait("The approval", lambda: "pproved" in (self.says("main .lead") or ""))
        self.picture("approval-approved")
        return name

    def stop(self):
        self.open("stops")
        self.press("Emergency stop", "main")
        self.dialog("Stop now", "A drill by deploy/console-check")
        self.wait("The bar that tells of the stop", lambda: self.find(".notice.bad"))
        self.wait("The stop on the page", lambda: self.find(".card.bad"))
        self.picture("stopped")
        return "holds"

    def release(self):
        self.press("Release", ".card.bad")
        self.dialog("Release", "The drill is over")
        self.wait("The end of the bar", lambda: not self.find(".notice.bad"))
        return "is over"

    def sign_out(self):
        self.open("")
        self.press("Sign out", "#nav")
        self.wait("The form to sign in", lambda: self.find("main input[type=password]"))
        answer = self.driver.execute_async_script("fetch('api/v1/overview').then((answer) => arguments[0](answer.status))")
        # That answer is the point of the question, not a fault.
        self.driver.get_log("browser")
        if answer != 401:
            raise Fault(f"After signing out the API answered {answer}.")
        return "the API answers 401"

    def quiet(self):
        self.collect()
        if self.faults:
            raise Fault("; ".join(dict.fromkeys(self.faults))[:2000])
        return "no error, no breach of the content security policy, nothing wider than its screen"


def main():
    visit = Visit(sys.argv[1])
    steps = [
        ("A wrong password is refused", visit.refusal), ("Sign in", visit.sign_in), ("Look at each page", visit.look), ("Follow the live tail", visit.live),
        ("Search", visit.search), ("Open an entity", visit.entity), ("Open an automation", visit.first_automation), ("A name with a script in it", visit.scripted),
        ("Approve a proposal", visit.approve), ("Engage the emergency stop", visit.stop), ("Release it", visit.release), ("Sign out", visit.sign_out),
        ("What the browser reported", visit.quiet),
    ]
    failed = 0
    try:
        for name, step in steps:
            try:
                print(f"ok: {name}: {step()}", flush=True)
                # The console's answer to a wrong password is a 401 that was asked for.
                if step == visit.refusal:
                    visit.driver.get_log("browser")
                visit.collect()
            except (Fault, WebDriverException) as error:
                failed += 1
                print(f"FAILED: {name}: {getattr(error, 'msg', None) or error}", flush=True)
                visit.driver.save_screenshot(str(visit.pictures / f"failed-{failed}.png"))
                # Nothing else can be looked at by somebody who is not signed in.
                if step == visit.sign_in:
                    break
    finally:
        visit.driver.quit()
    print(json.dumps({"failed": failed, "pictures": len(list(visit.pictures.glob('*.png')))}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
