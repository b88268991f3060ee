#!/usr/bin/python3
"""Reads the meter of a portal that has no interface, with a real browser, and prints a JSON document for each row.

    PORTAL_USER=anna PORTAL_PASSWORD=... portal_scraper.py --login https://portal.example/login \\
        --readings 'https://portal.example/readings?from=2026-03-01'

It is an example: adapt the places below to your portal. It needs chromium, chromium-driver and python3-selenium of
Debian. Exit codes are those of sysexits.h, which Wattline reads: 0 is success, 77 says that the portal does not let
this user in, after which nothing is tried until the password or this file changes, and all others are tried again.
"""

import argparse
import json
import os
import sys
import tempfile

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, TimeoutException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

# Places of the portal, as selectors of CSS.
USER = "input[name=user]"
PASSWORD = "input[type=password]"
SUBMIT = "button[type=submit]"
CAPTCHA = "iframe[src*=captcha], [class*=captcha], [id*=captcha]"
TABLE = "table"
# Headings of the columns, and the names under which they are printed.
COLUMNS = {"Time": "time", "kWh": "kwh"}

CHANGED, UNAVAILABLE, REFUSED = 65, 69, 77


def fail(code, words):
    print(words, file=sys.stderr)
    sys.exit(code)


def refuse_captcha(browser):
    if browser.find_elements(By.CSS_SELECTOR, CAPTCHA):
        fail(REFUSED, "the portal asks for a captcha; log in by hand once, then start the source again")


def log_in(browser, address):
    browser.get(address)
    refuse_captcha(browser)
    try:
        browser.find_element(By.CSS_SELECTOR, USER).send_keys(os.environ["PORTAL_USER"])
        browser.find_element(By.CSS_SELECTOR, PASSWORD).send_keys(os.environ["PORTAL_PASSWORD"])
        browser.find_element(By.CSS_SELECTOR, SUBMIT).click()
    except NoSuchElementException:
        fail(CHANGED, "the login page has changed: it has no field for user or password, or no button")
    try:
        WebDriverWait(browser, 20).until(lambda page: page.execute_script("return document.readyState") == "complete")
    except TimeoutException:
        fail(UNAVAILABLE, "the portal did not answer the login within 20 s")
    refuse_captcha(browser)
    if browser.find_elements(By.CSS_SELECTOR, PASSWORD):
        fail(REFUSED, "the portal refuses user or password")


def rows(browser, address):
    browser.get(address)
    refuse_captcha(browser)
    found = []
    for table in browser.find_elements(By.CSS_SELECTOR, TABLE):
        headings = [cell.text.strip() for cell in table.find_elements(By.CSS_SELECTOR, "th")]
        found += headings
        if all(name in headings for name in COLUMNS):
            for row in table.find_elements(By.CSS_SELECTOR, "tbody tr"):
                cells = [cell.text.strip() for cell in row.find_elements(By.CSS_SELECTOR, "td")]
                if len(cells) == len(headings):
                    yield {key: cells[headings.index(name)] for name, key in COLUMNS.items()}
            return
    seen = ", ".join(found) or "no table"
    fail(CHANGED, f"the page has changed: no table has the headings {', '.join(COLUMNS)}; it has {seen}")


def main():
    parser = argparse.ArgumentParser(description="prints the readings of a portal as lines of JSON")
    parser.add_argument("--login", required=True, help="address of the login page")
    parser.add_argument("--readings", required=True, help="address of the page with the table")
    options = parser.parse_args()
    for name in ("PORTAL_USER", "PORTAL_PASSWORD"):
        if not os.environ.get(name):
            fail(78, f"the variable {name} is not set")
    with tempfile.TemporaryDirectory(prefix="portal-") as profile:
        settings = webdriver.ChromeOptions()
        settings.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={profile}"):
            settings.add_argument(argument)
        if os.geteuid() == 0:
            settings.add_argument("--no-sandbox")
        try:
            browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=settings)
        except WebDriverException as error:
            fail(UNAVAILABLE, f"the browser does not start: {error.msg}")
        try:
            browser.set_page_load_timeout(60)
            log_in(browser, options.login)
            for row in rows(browser, options.readings):
                # Numbers may be written as in 1.234,5 or 1,234.5.
                number = row["kwh"].replace("\u00a0", "").replace(" ", "")
                if number.rfind(",") > number.rfind("."):
                    number = number.replace(".", "").replace(",", ".")
                else:
                    number = number.replace(",", "")
                row["kwh"] = float(number)
                print(json.dumps(row), flush=True)
        except WebDriverException as error:
            fail(UNAVAILABLE, f"the portal cannot be read: {(error.msg or '').splitlines()[0]}")
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
