"""Puts the library into the wheel, and the platform into its name.

The library is the one $BATCHJOBS_LIBRARY names, as `scripts/python_wheel.py` does; without it the
wheel holds none and uses the system's.
"""

import os
import shutil
import sysconfig
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SONAME = "libbatchjobs.so.0"


class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        library = os.environ.get("BATCHJOBS_LIBRARY")
        if self.target_name != "wheel" or version == "editable" or not library:
            return
        folder = Path(self.root, "src/batchjobs/_lib")
        folder.mkdir(exist_ok=True)
        shutil.copyfile(library, folder / SONAME)
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"

    def finalize(self, version, build_data, artifact_path):
        shutil.rmtree(Path(self.root, "src/batchjobs/_lib"), ignore_errors=True)
