"""Where the project's repository is, if that is known: for links to Binder and to reporting an error.

The address is ``repository.url`` of ``_config.yml``, or else that of git's remote ``origin``. Only
addresses on hosts that Binder starts from are taken; with any other the pages carry no link at all,
rather than one that leads nowhere.
"""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools.paths import ROOT

HOSTS = {"github.com": "gh", "gitlab.com": "gl"}
BINDER = "https://mybinder.org/v2"
ADDRESS = re.compile(
    r"(?:https://|ssh://git@|git@)(?P<host>[\w.-]+)[:/](?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?/?"
)


@dataclass(frozen=True)
class Repository:
    """A public repository, by host, owner and name."""

    host: str
    owner: str
    name: str

    @property
    def url(self) -> str:
        """Return its address in a browser."""
        return f"https://{self.host}/{self.owner}/{self.name}"

    @property
    def issues(self) -> str:
        """Return where errors are reported."""
        return f"{self.url}/{'-/issues' if self.host == 'gitlab.com' else 'issues'}"

    def binder(self, notebook: str) -> str:
        """Return the address that starts a notebook, such as ``book/tools/games.ipynb``, on Binder."""
        owner = self.owner if self.host == "github.com" else f"{self.owner}%2F{self.name}"
        name = f"/{self.name}" if self.host == "github.com" else ""
        return f"{BINDER}/{HOSTS[self.host]}/{owner}{name}/HEAD?urlpath=lab/tree/{notebook}"


def parse(address: str) -> Repository | None:
    """Return the repository that an address names, or None if it is none that links may lead to."""
    found = ADDRESS.fullmatch(address.strip())
    return Repository(**found.groupdict()) if found and found["host"] in HOSTS else None


def repository(root: Path = ROOT) -> Repository | None:
    """Return the project's repository: from the setting, or else from git's remote."""
    setting = (yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8")).get("repository") or {}).get("url")
    if setting:
        found = parse(setting)
        if found is None:
            raise SystemExit(f"repository.url = {setting!r} in _config.yml: must be an address on {' or '.join(HOSTS)}")
        return found
    command = ["git", "-C", str(root), "remote", "get-url", "origin"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git: an unpacked archive
        return None
    return parse(done.stdout) if done.returncode == 0 else None
