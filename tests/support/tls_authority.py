"""An authority of a test's own and certificates that it signs, made as docs/fleet.md shows it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_PAGE = Path(__file__).parents[2] / "docs" / "fleet.md"


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate, its key, and whom its owner trusts."""

    ca: Path
    cert: Path
    key: Path

    @property
    def flags(self) -> tuple[str, ...]:
        """Of dask's commands."""
        return "--tls-ca-file", str(self.ca), "--tls-cert", str(self.cert), "--tls-key", str(self.key)

    @property
    def options(self) -> dict[str, str]:
        """Of the engine."""
        return {"ca": str(self.ca), "cert": str(self.cert), "key": str(self.key)}

    @property
    def env(self) -> dict[str, str]:
        """dask's own configuration of a client."""
        names = {"CA_FILE": self.ca, "CLIENT__CERT": self.cert, "CLIENT__KEY": self.key}
        return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(path) for name, path in names.items()}


def make_certificates(folder: Path) -> dict[str, Signed]:
    """Of `scheduler`, `worker` and `me`. Skips the test where there is no openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make certificates with")
    folder.mkdir()
    [block] = [block for block in _PAGE.read_text().split("```")[1::2] if "openssl" in block]
    subprocess.run(["bash", "-euc", block.removeprefix("text\n")], cwd=folder, check=True, capture_output=True)
    paths = {name: (folder / f"{name}.pem", folder / f"{name}.key") for name in ("scheduler", "worker", "me")}
    return {name: Signed(ca=folder / "ca.pem", cert=cert, key=key) for name, (cert, key) in paths.items()}
