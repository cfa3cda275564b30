"""Install the wheel in an environment that holds nothing else, away from the sources, and use it.

``tests/recipes.py`` runs there as a script, then three chapters. What they need besides the wheel's own
dependencies (a kernel, cvxpy, networkx) comes at the versions of the lock.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from tools.paths import BOOK, BUILD, ROOT

CHAPTERS = ("tools/games", "campus/one-car", "city/roads")
BESIDE = ("cvxpy", "ipykernel", "nbclient", "nbformat", "networkx")


def run(*words: object, cwd: Path = ROOT) -> None:
    """Run a command without the sources on Python's path."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")}
    if subprocess.run([*map(str, words)], cwd=cwd, env=env, check=False).returncode:
        raise SystemExit(f"failed: {' '.join(map(str, words))}")


def constraints(target: Path) -> Path:
    """Write the lock's versions without their hashes, which a wheel built here has none of."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line.rstrip("\\ ") for line in lines if "==" in line and not line.startswith((" ", "#"))]
    target.write_text("\n".join(pins) + "\n", encoding="utf-8")
    return target


def main() -> None:
    """Build, install, use."""
    folder = BUILD / "wheel"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    bin_here = Path(sys.executable).parent
    run(bin_here / "uv", "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable,
        "--out-dir", folder)  # fmt: skip
    shutil.rmtree(ROOT / "build", ignore_errors=True)
    venv.create(folder / "venv")
    python = folder / "venv" / bin_here.name / Path(sys.executable).name
    (built,) = folder.glob("*.whl")
    run(bin_here / "uv", "pip", "install", "--quiet", "--python", python, "-c", constraints(folder / "pins.txt"),
        built, *BESIDE)  # fmt: skip
    shutil.copyfile(ROOT / "tests" / "recipes.py", folder / "recipes.py")
    run(python, "recipes.py", cwd=folder)
    code = (
        "import sys, nbformat, nbclient; n = nbformat.read(sys.argv[1], as_version=4); "
        "nbclient.NotebookClient(n, timeout=300, kernel_name='python3').execute(); print('ran', sys.argv[2])"
    )
    run(python, "-m", "ipykernel", "install", "--sys-prefix", cwd=folder)
    for name in CHAPTERS:
        copied = folder / f"{Path(name).name}.ipynb"
        shutil.copyfile(BOOK / f"{name}.ipynb", copied)
        run(python, "-c", code, copied, name, cwd=folder)
    print(f"{built.name}: ten recipes and {len(CHAPTERS)} chapters ran in an environment of their own")


if __name__ == "__main__":
    main()
