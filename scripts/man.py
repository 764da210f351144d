#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A man page from the --help of a program, which comes from the option table: man.py PROGRAM > PROGRAM.1"""
import os
import re
import subprocess
import sys


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def page(program):
    ask = lambda option: subprocess.run([program, option], capture_output=True, text=True, check=True).stdout
    name, version = os.path.basename(program), ask("--version").split()[1]
    lines = ask("--help").splitlines()
    usage = next(i for i, line in enumerate(lines) if line.startswith("Usage: "))
    summary = " ".join(line.strip() for line in lines[:usage])
    first = re.split(r"[:.]", summary)[0]
    out = ['.TH %s 1 "" "%s %s" "User Commands"' % (name.upper(), name, version), ".SH NAME",
           "%s \\- %s" % (name, escaped(first[0].lower() + first[1:])), ".SH SYNOPSIS", ".B " + name,
           escaped(lines[usage].split(None, 2)[2]), ".SH DESCRIPTION", escaped(summary), ".SH OPTIONS"]
    for line in lines[usage + 1:]:
        entry = re.match(r"  (\S.*?)(?:\s{2,}(\S.*))?$", line)
        if not line.strip():
            continue
        if re.match(r"\S.*:$", line):
            out += [".SS " + escaped(line[:-1])]
        elif entry and not line.startswith("   "):
            out += [".TP", ".B " + escaped(entry.group(1))] + ([escaped(entry.group(2))] if entry.group(2) else [])
        else:
            out += [escaped(line.strip())]
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(page(sys.argv[1]))
