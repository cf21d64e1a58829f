"""What mkdocs is told beside mkdocs.yml: pages that follow from the code, and links that leave docs/.

The pages of docs/ link to each other and to files beside them, as on a forge. In the site README.md is the
first page, some files outside docs/ are pages too (`PAGES`), and a link to any other leads to a copy of it.
"""

import logging
import os
import posixpath
import re
from pathlib import Path

from tests.site_pages import api, commands, schemas, tags

ROOT = Path(__file__).parents[2]
# Files outside docs/ that are pages of the site.
PAGES = {
    "README.md": "index.md",
    "README.ko.md": "index.ko.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "benchmarks/README.md": "benchmarks.md",
}
GENERATED = {"tags.md": tags.page, "api.md": api.page, "schemas.md": schemas.page}
FROM_THE_WEB = re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=\"?(?:https?:)?//[^>]*>")
_LINK = re.compile(r"(?<=\]\()([^)\s:#]+)(#[^)\s]*)?(?=\))")
_FENCE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)[ ]*$", flags=re.MULTILINE | re.DOTALL)


def generated():
    """The pages made of the code: place in the site → text."""
    found = {place: make() for place, make in GENERATED.items()}
    return found | {commands.place(name): commands.page(name) for name in commands.COMMANDS}


def on_config(config):
    """The pages of the commands stand in the navigation under the headings of `nlpcli --help`."""
    families = [
        {heading: [{name: commands.place(name)} for name in names]}
        for heading, names in commands.families().items()
    ]
    for entry in config.nav:
        if "Commands" in entry:
            entry["Commands"] = [*entry["Commands"], *families]
    return config


def on_files(files, config):
    """The files of docs/, those outside that are pages, and the generated ones."""
    from mkdocs.structure.files import File

    for source, place in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=text))
    for place, text in generated().items():
        files.append(File.generated(config, place, content=text))
    pages = [(file.src_uri, file.content_string) for file in files if file.src_uri.endswith(".md")]
    for source in sorted({source for place, text in pages for source in copied(text, source_of(place))}):
        files.append(File.generated(config, f"files/{source}", abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown, page, **_):
    """A page with its links as they lead in the site."""
    place = page.file.src_uri
    if place == "commands/README.md":
        markdown = re.sub(r"^\| `([\w-]+)` \|", r"| [`\1`](nlpcli-\1.md) |", markdown, flags=re.MULTILINE)
    return with_links(markdown, place)


def on_post_page(output, page, **_):
    """A Korean page says so, for readers' voices, hyphens and fonts; what is asked of the web is told."""
    if found := FROM_THE_WEB.search(output):
        logging.getLogger("mkdocs.plugins").warning("%s asks the web: %s", page.file.src_uri, found[0])
    if page.file.src_uri.endswith(".ko.md"):
        return output.replace('<html lang="en"', '<html lang="ko"', 1)
    return output


def on_post_build(config, **_):
    """The index of the search as a script too, which a page that was opened from a disk may read."""
    folder = Path(config.site_dir, "search")
    index = (folder / "search_index.json").read_text(encoding="utf-8")
    (folder / "search_index.js").write_text(f"var __index = {index}", encoding="utf-8")


# --- links ----------------------------------------------------------------------------------


def source_of(place):
    """Where a page of the site comes from, in the repository."""
    return next((source for source, page in PAGES.items() if page == place), f"docs/{place}")


def place_of(source):
    """Where a file of the repository is in the site; None: there is no such file."""
    if (ROOT / source).is_dir():
        source = posixpath.join(source, "README.md")
    if source in PAGES:
        return PAGES[source]
    if not (ROOT / source).is_file():
        return None
    return source.removeprefix("docs/") if source.startswith("docs/") else f"files/{source}"


def targets(text, source):
    """The files of the repository that a page links to, and which part of the text says so."""
    fenced = [found.span() for found in _FENCE.finditer(text)]
    for found in _LINK.finditer(text):
        if not any(start <= found.start() < end for start, end in fenced):
            yield posixpath.normpath(posixpath.join(posixpath.dirname(source), found[1])), found


def copied(text, source):
    """The files that a page links to, and that are no pages."""
    for target, _ in targets(text, source):
        place = place_of(target)
        if place and place.startswith("files/"):
            yield place.removeprefix("files/")


def with_links(text, place):
    """The text of a page with its links as they lead in the site; what leads nowhere stays, and is told."""
    parts, end = [], 0
    for target, found in targets(text, source_of(place)):
        there = place_of(target)
        if there is None:
            continue
        link = os.path.relpath(there, posixpath.dirname(place) or ".").replace(os.sep, "/")
        parts += [text[end : found.start(1)], link]
        end = found.end(1)
    return "".join([*parts, text[end:]])
