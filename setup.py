"""What pyproject.toml cannot say: manual pages, written when the package is built."""

import sys
import warnings
from pathlib import Path

from setuptools import setup  # which brings its own distutils

from distutils.command.install_data import install_data  # isort: skip


class ManualPages(install_data):
    """Puts the manual pages into share/man/man1."""

    def run(self):
        """Make the pages of the commands as they are in this tree."""
        super().run()
        sys.path.insert(0, str(Path(__file__).parent))
        try:
            from nlpcli.cli.manual import manual_pages
        except ImportError as error:  # typer, where the build is not isolated
            warnings.warn(f"no manual pages: {error}", stacklevel=1)
            return
        folder = Path(self.install_dir, "share", "man", "man1")
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in manual_pages().items():
            (folder / name).write_text(text, encoding="utf-8")
            self.outfiles.append(str(folder / name))


setup(data_files=[("share/man/man1", [])], cmdclass={"install_data": ManualPages})
