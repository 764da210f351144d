#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""container/Dockerfile and container/gnr.def describe one image: the same scripts with the same arguments, defaults
and files; packages stand in the scripts alone; the image of Docker is not used as root.

Usage: containers.py [ROOT]; exit status 1 and one line per difference. Every run first proves that differences are found.
"""
import re
import sys
from pathlib import Path


def of_dockerfile(text):
    """(scripts with their arguments, defaults, folders copied between the stages) of a Dockerfile."""
    text = re.sub(r"^#.*\n", "", text, flags=re.M)
    defaults = dict(re.findall(r"^ARG (\w+)=(\S+)", text, re.M))
    if defaults.get("RUNTIME") == "$BASE":
        defaults["RUNTIME"] = defaults.get("BASE")
    runs = re.findall(r"(\S*(?:build|install)\.sh)((?: \"\$\w+\")*)(?= |$)", "\n".join(re.findall(r"^RUN (.*)", text, re.M)))
    scripts = [(path.split("/")[-1], re.findall(r"\w+", arguments)) for path, arguments in runs if "cp " + path not in text]
    return scripts, defaults, re.findall(r"^COPY --from=build (\S+) (\S+)", text, re.M)


def of_definition(text):
    """The same of a definition file of Apptainer."""
    text = re.sub(r"^ *#.*\n", "", text, flags=re.M)
    defaults = dict(re.findall(r"^ +(\w+)=(\S+)$", "".join(re.findall(r"^%arguments\n((?: +.*\n)+)", text, re.M)), re.M))
    runs = re.findall(r"^ +(\S*(?:build|install)\.sh)(.*)$", text, re.M)
    scripts = [(path.split("/")[-1], re.findall(r"\w+", arguments)) for path, arguments in runs]
    return scripts, defaults, re.findall(r"^%files from build\n +(\S+) (\S+)$", text, re.M)


def differences(dockerfile, definition):
    found = []
    for what, ours, theirs in zip(("scripts", "defaults of the arguments", "folders copied between the stages"),
                                  of_dockerfile(dockerfile), of_definition(definition)):
        if not ours or ours != theirs:
            found.append("%s: %s in the Dockerfile, %s in gnr.def" % (what, ours, theirs))
    for name, text in (("Dockerfile", dockerfile), ("gnr.def", definition)):
        if re.search(r"apt-get|cmake", re.sub(r"^ *#.*\n", "", text, flags=re.M)):
            found.append(name + ": packages and the build stand in container/build.sh and install.sh")
    if re.findall(r"^USER (\S+)", dockerfile, re.M)[-1:] in ([], ["root"], ["0"]):
        found.append("Dockerfile: the image runs as root")
    for number, stage in enumerate(definition.split("Bootstrap:")[1:], 1):
        unset = set(re.findall(r"{{ (\w+) }}", stage)) - set(of_definition(stage)[1])
        if unset:
            found.append("gnr.def: stage %d has no default of %s" % (number, ", ".join(sorted(unset))))
    return found


def prove(dockerfile, definition):
    """Every kind of difference is found in copies that have it."""
    for changed, old, new in ((0, 'build.sh "$MPI" "$CUDA"', 'build.sh "$CUDA" "$MPI"'), (0, "ARG CUDA=OFF", "ARG CUDA=ON"),
                              (0, "RUN /opt/gnr/install.sh", "RUN apt-get install -y gcc && /opt/gnr/install.sh"),
                              (0, "USER 1000\n", ""), (1, "{{ CUDA }}", ""), (1, "MPI=ON", "MPI=OFF"),
                              (1, "RUNTIME=", "RUNTIMES="), (1, "    /opt/gnr/install.sh\n", ""),
                              (1, "/opt/gnr /opt/gnr", "/opt/gnr /usr/local")):
        texts = [dockerfile, definition]
        if old not in texts[changed]:
            sys.exit("containers.py: '%s' is no longer in the recipe; the proof must follow" % old.strip())
        texts[changed] = texts[changed].replace(old, new)
        if not differences(*texts):
            sys.exit("containers.py does not find '%s' in place of '%s'" % (new.strip(), old.strip()))


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)
    texts = [(root / "container" / name).read_text(encoding="utf-8") for name in ("Dockerfile", "gnr.def")]
    found = differences(*texts)
    for line in found:
        print(line)
    if not found:
        prove(*texts)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
