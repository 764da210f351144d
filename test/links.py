#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every page leads somewhere: relative links and their anchors in the Markdown files, and pages of doc/ that sources name.

Usage: links.py [ROOT]; exit status 1 and one line per dead link. Every run first proves, on a tree with known dead
links, that each kind is found.
"""
import os
import re
import sys
import tempfile
from pathlib import Path

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.M | re.S)
HEADING = re.compile(r"^#+ +(.*)$", re.M)
MENTION = re.compile(r"\bdoc/([\w-]+\.md)(#[\w-]+)?")
SOURCES = (".h", ".hxx", ".cxx", ".cpp", ".cu", ".py", ".sh", ".txt", ".cmake", ".md", ".yml", ".toml")
LEFT_OUT = {".git", "build", "node_modules"}


def files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in LEFT_OUT]
        for name in names:
            if name.endswith(SOURCES):
                yield Path(folder) / name


def anchors(text):
    """As GitHub makes them: lower case, blanks become hyphens, punctuation goes; repeated ones are counted."""
    found = set()
    for heading in HEADING.findall(re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        number = 0
        while (name := slug if number == 0 else f"{slug}-{number}") in found:
            number += 1
        found.add(name)
    return found


def dead_links(root):
    root = Path(root)
    for path in sorted(files(root)):
        text = path.read_text(encoding="utf-8", errors="replace")
        where = path.relative_to(root)
        targets = []
        if path.suffix == ".md":
            targets += [(link, path.parent) for link in LINK.findall(CODE.sub("", text))]
        if where.parts[0] != "test" or path.name != "links.py":
            targets += [(f"doc/{page}{anchor}", root) for page, anchor in MENTION.findall(text)]
        for link, base in dict.fromkeys(targets):
            name, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", name):
                continue  # elsewhere
            target = path if not name else (base / name).resolve()
            if not target.exists():
                yield f"{where}: {link} does not exist"
            elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
                yield f"{where}: {link}: no such heading"


def prove():
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "doc").mkdir()
        (Path(folder) / "doc" / "page.md").write_text("# A page, *here*\n\n## Twice\n## Twice\n[to itself](#twice-1)\n")
        (Path(folder) / "README.md").write_text(
            "[page](doc/page.md#a-page-here) [gone](gone.md) [no heading](doc/page.md#nowhere) `[code](gone.md)`\n")
        (Path(folder) / "code.cpp").write_text("// doc/page.md, doc/lost.md\n")
        expected = ["README.md: gone.md does not exist", "README.md: doc/page.md#nowhere: no such heading",
                    "code.cpp: doc/lost.md does not exist"]
        found = list(dead_links(folder))
        if sorted(found) != sorted(expected):
            sys.exit(f"links.py does not find what it should: {found}")


if __name__ == "__main__":
    prove()
    dead = list(dead_links(sys.argv[1] if len(sys.argv) > 1 else "."))
    print("\n".join(dead) if dead else "every link leads somewhere")
    sys.exit(1 if dead else 0)
