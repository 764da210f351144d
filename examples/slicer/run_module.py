#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command line module of 3D Slicer as Slicer does, without Slicer: asks it for its description, builds the command
line from that, and follows its progress. Python's standard library alone.

    run_module.py PROGRAM                                   lists the parameters with their defaults
    run_module.py PROGRAM fixedVolume=f.nrrd movingVolume=m.nrrd outputTransform=t.h5 outputVolume=w.nrrd beta=0.002
"""
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

FILES = ("image", "transform", "geometry", "table", "file", "directory")
TEXTS = ("string", "integer-vector", "float-vector", "double-vector", "string-vector")  # left out if empty


class Parameter:
    """One parameter of a module: `tag` is its kind, `index` its place on the command line if it has no `flag`."""

    def __init__(self, element):
        text = {child.tag: (child.text or "").strip() for child in element}
        self.tag, self.attributes = element.tag, element.attrib
        self.name, self.label, self.description = text.get("name"), text.get("label"), text.get("description")
        self.channel, self.default = text.get("channel"), text.get("default", "")
        self.flag = text.get("longflag", "").lstrip("-")
        self.index = int(text["index"]) if "index" in text else None
        self.elements = [child.text for child in element.findall("element")]
        limits = element.find("constraints")
        self.limits = {} if limits is None else {child.tag: float(child.text) for child in limits}
        self.is_result = self.channel == "output" and not self.flag and self.index is None


class Module:
    def __init__(self, program):
        """Raises subprocess.CalledProcessError or ValueError if the program does not describe itself as Slicer needs it."""
        self.program = str(program)
        reply = subprocess.run([self.program, "--xml"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=5,
                               check=True, env={**os.environ, "ITK_AUTOLOAD_PATH": ""})
        if reply.stderr or not reply.stdout.startswith("<?xml"):
            raise ValueError(f"{self.program} --xml: not a description of a module: {reply.stderr or reply.stdout[:80]}")
        self.xml = reply.stdout
        self.root = ElementTree.fromstring(self.xml.encode())
        self.parameters = {}
        for group in self.root.findall("parameters"):
            for element in group:
                if element.tag not in ("label", "description"):
                    parameter = Parameter(element)
                    self.parameters[parameter.name] = parameter

    def command_line(self, values, return_file=None):
        """`values`: name -> text, for those that are not to stay at their defaults. Every parameter with a value is passed,
        as Slicer does it; those without a flag come last."""
        unknown = set(values) - set(self.parameters)
        if unknown:
            raise ValueError(f"{self.program} has no parameter {', '.join(sorted(unknown))}")
        command, positional = [self.program], {}
        if return_file and any(p.is_result for p in self.parameters.values()):
            command += ["--returnparameterfile", str(return_file)]
        for name, parameter in self.parameters.items():
            value = str(values.get(name, parameter.default))
            if parameter.index is not None:
                positional[parameter.index] = value
            elif parameter.is_result:
                continue
            elif parameter.tag == "boolean":
                command += ["--" + parameter.flag] if value == "true" else []
            elif value or parameter.tag not in FILES + TEXTS:
                command += ["--" + parameter.flag, value]
        return command + [positional[i] for i in sorted(positional)]

    def run(self, values, progress=lambda share, comment: None, **keywords):
        """Returns (exit code, standard output without the tags, standard error, results as name -> text)."""
        with tempfile.TemporaryDirectory() as folder:
            return_file = os.path.join(folder, "results.params")
            output = ""
            with subprocess.Popen(self.command_line(values, return_file), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True, **keywords) as process:
                for line in process.stdout:
                    output += line
                    if "<filter-progress>" in line or "<filter-comment>" in line:
                        progress(float(last(output, "filter-progress") or 0), last(output, "filter-comment") or "")
                error = process.stderr.read()
            code = process.returncode
            results = {}
            if os.path.exists(return_file):
                with open(return_file, encoding="utf-8") as stream:
                    results = dict(line.rstrip("\n").split(" = ", 1) for line in stream)
        return code, without_tags(output), error, results


def last(output, tag):
    """Text of the last complete tag, as Slicer looks for it; None if there is none."""
    end = output.rfind(f"</{tag}>")
    start = output.rfind(f"<{tag}>", 0, end if end >= 0 else None)
    return output[start + len(tag) + 2:end].strip() if 0 <= start < end else None


def without_tags(output):
    """What Slicer keeps as the log of the run."""
    for tag in ("filter-progress", "filter-stage-progress", "filter-name", "filter-comment", "filter-time", "filter-start",
                "filter-end"):
        output = re.sub(rf"<{tag}>[^<]*</{tag}>\s*", "", output)
    return output


def main(program, arguments):
    module = Module(program)
    if not arguments:
        print(module.root.findtext("title"))
        for parameter in module.parameters.values():
            print(f"  {parameter.name:22} {parameter.tag:18} {parameter.default:12} {parameter.description}")
        return 0
    values = dict(argument.split("=", 1) for argument in arguments)
    code, log, error, results = module.run(values, lambda share, comment: print(f"{100 * share:5.1f} %  {comment}"))
    print(log)
    for name, value in results.items():
        print(f"{module.parameters[name].label}: {value}")
    print(error, end="", file=sys.stderr)
    return code


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
