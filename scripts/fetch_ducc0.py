#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fetches the Fourier transforms of ducc0 (BSD-3-Clause) from the Python package index: fetch_ducc0.py FOLDER

pip downloads the source distribution and compares its SHA-256 with the one below. The headers that the one-dimensional
transforms need, and no others, go to FOLDER/ducc0, their licence to FOLDER/LICENSE.ducc0. A header that is not under the
BSD licence is an error. CMake calls this where GaussNewtonRegistration_FFT=DUCC and FOLDER does not exist.
"""
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv

VERSION = "0.42.0"
SHA256 = "4e11c59b53a43355b053aebb2a62ee16eebeed026575f7d216cf09d437ce52ef"
ENTRY = "ducc0/fft/fft1d_impl.h"
# pip asks a source distribution for its metadata, for which this one configures its build.
BUILD_TOOLS = ["scikit-build-core", "nanobind", "cmake"]
REMEDY = ("Without the package index: unpack ducc0 %s elsewhere and give its folder src to CMake by "
          "-DGaussNewtonRegistration_DUCC0_DIR=<folder>, or take -DGaussNewtonRegistration_FFT=FFTW." % VERSION)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit("error: %s failed (%d):\n%s\n%s" % (" ".join(command), done.returncode, done.stdout.strip(), REMEDY))


def download(folder):
    """The source distribution, in `folder`."""
    environment = os.path.join(folder, "venv")
    try:
        venv.create(environment, with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit("error: python3 -m venv does not work here. Debian, Ubuntu: apt-get install python3-venv. " + REMEDY)
    scripts = os.path.join(environment, "Scripts" if os.name == "nt" else "bin")
    os.environ["PATH"] = scripts + os.pathsep + os.environ["PATH"]
    pip = [os.path.join(scripts, "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(*pip, "install", *BUILD_TOOLS)
    requirement = os.path.join(folder, "requirement.txt")
    with open(requirement, "w", encoding="utf-8") as file:
        file.write("ducc0==%s --hash=sha256:%s\n" % (VERSION, SHA256))
    run(*pip, "download", "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes",
        "--dest", folder, "--requirement", requirement)
    return os.path.join(folder, "ducc0-%s.tar.gz" % VERSION)


def headers(archive):
    """Name and text of ENTRY and of all that it includes of ducc0."""
    found, wanted = {}, [ENTRY]
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        text = archive.extractfile("ducc0-%s/src/%s" % (VERSION, name)).read().decode("utf-8")
        if "SPDX-License-Identifier: BSD-3-Clause" not in text:
            sys.exit("error: %s is not under the BSD licence" % name)
        found[name] = text
        wanted += re.findall(r'^\s*#\s*include\s*"(ducc0/[^"]+)"', text, re.M)
    return found


def licence(texts):
    """The copyright lines of all headers and the text of the BSD licence, which each of them carries."""
    owners = sorted({line.strip(" *") for text in texts for line in re.findall(r"^.*Copyright \(C\).*$", text, re.M)})
    terms = re.search(r"/\*\s*(All rights reserved\..*?)\*/", texts[0], re.S).group(1)
    return "ducc0 %s: %s\n\n%s\n\n%s" % (VERSION, "the Fourier transforms", "\n".join(owners), terms)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(download(folder)) as archive:
            found = headers(archive)
        part = target + ".part"
        shutil.rmtree(part, ignore_errors=True)
        for name, text in found.items():
            path = os.path.join(part, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        with open(os.path.join(part, "LICENSE.ducc0"), "w", encoding="utf-8") as file:
            file.write(licence([found[ENTRY]] + list(found.values())))
        os.rename(part, target)
    print("ducc0 %s: %d headers in %s" % (VERSION, len(found), target))


if __name__ == "__main__":
    main()
