"""Without a browser the check says so: NOT RUN as its last line, and a failure where CI must have one."""

import os
import subprocess
import sys

import pytest

from tools import browser
from tools.paths import ROOT


@pytest.mark.parametrize(("ci", "status"), [("", 0), ("true", 1)])
def test_no_browser_is_said_and_fails_only_under_ci(ci, status):
    env = os.environ | {"CHROMIUM": str(ROOT / "no-such-browser"), "CI": ci}
    command = [sys.executable, "-m", "tools.browser", "check"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1].startswith("NOT RUN")
    assert done.returncode == status


def test_a_site_that_was_not_built_is_said(tmp_path):
    with pytest.raises(SystemExit, match="there is no page"):
        browser.check(tmp_path, "no-such-browser")


def test_installing_is_tried_once_where_nothing_is_there(monkeypatch):
    tried = []
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(browser, "found", lambda: None)
    monkeypatch.setattr(browser.subprocess, "run", lambda command, **more: tried.append(command))
    monkeypatch.setattr(browser.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(browser.os, "geteuid", lambda: 0, raising=False)
    assert browser.chromium() is None
    assert [command[0] for command in tried] == ["apt-get", "apt-get", sys.executable]
    assert tried[-1][1:] == ["-m", "playwright", "install", "chromium"]
    tried.clear()
    monkeypatch.setattr(browser.os, "geteuid", lambda: 1000, raising=False)
    assert browser.chromium() is None
    assert [command[0] for command in tried] == [sys.executable]
