#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every link leads somewhere: relative links and anchors of the Markdown files, and pages of doc/ that any source names,
with the section that it may quote (doc/gpu.md, "Several GPUs") and as a path in Python ("doc" / "gpu.md").

Usage: links.py [ROOT]; exit status 1 and one line per dead link. Every run first proves, on a tree with known dead
links, that each kind is found.
"""
import os
import re
import sys
import tempfile
from pathlib import Path

LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s+(\S+)", re.M)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.M | re.S)
HEADING = re.compile(r"^#+ +(.*)$", re.M)
MENTION = re.compile(r"\bdoc/([\w/-]+\.(?:md|svg|png))(#[\w-]+)?(?:,[ \n*/#]+\"([^\"\n]+)\")?")
PATH = re.compile(r"\"doc\"\s*/\s*\"([\w-]+\.(?:md|svg|png))\"")
SOURCES = (".h", ".hxx", ".cxx", ".cpp", ".cu", ".py", ".sh", ".txt", ".cmake", ".md", ".yml", ".toml",
           ".in", ".cff", ".json", ".wrap")
LEFT_OUT = {".git", "build", "node_modules"}


def files(root):
    for folder, folders, names in os.walk(root):
        folders[:] = [f for f in folders if f not in LEFT_OUT]
        for name in names:
            if name.endswith(SOURCES):
                yield Path(folder) / name


def slug_of(heading):
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(text):
    """As GitHub makes them: lower case, blanks become hyphens, punctuation goes; repeated ones are counted."""
    found = set()
    for heading in HEADING.findall(re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = slug_of(plain)
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
            targets += [(link or other, path.parent) for link, other in LINK.findall(CODE.sub("", text))]
        if where != Path("test/links.py"):
            for page, anchor, section in MENTION.findall(text):
                targets.append((f"doc/{page}{anchor or (section and '#' + slug_of(section))}", root))
            targets += [(f"doc/{page}", root) for page in PATH.findall(text)]
        for link, base in dict.fromkeys(targets):
            name, _, anchor = link.partition("#")
            if re.match(r"[a-z]+:", name):
                continue  # elsewhere
            target = path.resolve() if not name else (base / name).resolve()
            if root.resolve() not in (target, *target.parents):
                yield f"{where}: {link} leaves the repository"
            elif not target.exists():
                yield f"{where}: {link} does not exist"
            elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
                yield f"{where}: {link}: no such heading"


def prove():
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "doc").mkdir()
        (Path(folder) / "doc" / "page.md").write_text("# A page, *here*\n\n## Twice\n## Twice\n[to itself](#twice-1)\n")
        (Path(folder) / "README.md").write_text(
            "[page](doc/page.md#a-page-here) [gone](gone.md) [no heading](doc/page.md#nowhere) `[code](gone.md)`\n"
            "[titled](lost.png \"title\") [outside](../) [elsewhere](https://example.org/gone.md) [by name]\n"
            "\n[by name]: away.md\n")
        (Path(folder) / "code.cpp").write_text(
            "// doc/page.md, doc/lost.md, doc/page.md, \"Twice\"; doc/page.md,\n// \"Thrice\"\n")
        (Path(folder) / "tool.py").write_text('page = root / "doc" / "page.md"; other = root / "doc" / "no-page.md"\n')
        expected = ["README.md: gone.md does not exist", "README.md: doc/page.md#nowhere: no such heading",
                    "README.md: lost.png does not exist", "README.md: ../ leaves the repository",
                    "README.md: away.md does not exist", "code.cpp: doc/lost.md does not exist",
                    "code.cpp: doc/page.md#thrice: no such heading", "tool.py: doc/no-page.md does not exist"]
        found = list(dead_links(folder))
        if sorted(found) != sorted(expected):
            sys.exit(f"links.py does not find what it should: {found}")


if __name__ == "__main__":
    prove()
    top = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    if not (top / "README.md").exists() or not any((top / "doc").glob("*.md")):
        sys.exit(f"links.py: {top} has no README.md, or no pages in doc/")
    dead = list(dead_links(top))
    print("\n".join(dead) if dead else "every link leads somewhere")
    sys.exit(1 if dead else 0)
