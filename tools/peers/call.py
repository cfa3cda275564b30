"""Call a peer in its own environment, which the variable ``V2G_PEERS`` names (the path of its Python)."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any


class PeerAbsent(RuntimeError):
    """The peer is not installed, or no environment for peers is named."""


def call(script: str, request: dict[str, Any], module: str = "") -> Any:
    """Return what the peer's script answers to a request; raise PeerAbsent where it is missing."""
    python = os.environ.get("V2G_PEERS")
    if not python:
        raise PeerAbsent("V2G_PEERS names no Python with the peers in it")
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if (
        module
        and subprocess.run([python, "-c", f"import {module}"], env=env, capture_output=True, check=False).returncode
    ):
        raise PeerAbsent(f"{module} is not installed where V2G_PEERS points")
    words = [python, str(Path(__file__).with_name(script + ".py"))]
    done = subprocess.run(words, input=json.dumps(request), capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        raise RuntimeError(f"{script} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout)
