#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The usage of the programs: --help names every option with its default and fits the terminal. (ctest: skip code 77)"""
import json
import re
from pathlib import Path

import nifti
import support

# Options of gnr-register by their member in the report; None: shown without a default.
REGISTER = {
    "--preset": "preset", "--beta": "beta", "--beta-strategy": "betaStrategy",
    "--determinant-bounds": "determinantBounds", "--gamma": "gamma", "--grid-scale": "gridScale",
    "--gradient-limit": "gradientLimit", "--divergence-limit": "divergenceLimit",
    "--determinant-floor": "determinantFloor",
    "--regularization": "regularization", "--incompressible": "incompressible", "--symmetric": "symmetric", "--levels": "levels",
    "--velocity-grid": "velocityGrid", "--start": "start",
    "--time-steps": "timeSteps", "--interpolation": "interpolation", "--iterations": "iterations",
    "--incompressibility": "incompressibility", "--incompressibility-image": "incompressibilityImage",
    "--incompressibility-form": "incompressibilityForm", "--incompressibility-weight": "incompressibilityWeight",
    "--density": "density", "--density-exponent": "densityExponent",
    "--krylov-iterations": "krylovIterations", "--gradient-tolerance": "gradientTolerance",
    "--objective-tolerance": "objectiveTolerance", "--stall-reference": "stallReference",
    "--similarity": "similarity", "--preconditioner": "preconditioner", "--stall-rate": "stallRate",
    "--time-limit": "timeLimitSeconds", "--normalization": "normalization",
    "--histogram-matching": "histogramMatching", "--periodic": "periodic", "--smoothing": "smoothing", "--device": "device",
    "--threads": "threads", "--checkpoint": "checkpoint", "--checkpoint-interval": "checkpointIntervalSeconds",
    "--keep-checkpoint": None, "--requeue-exit-code": None, "--fixed-mask": "fixedMask", "--moving-mask": "movingMask",
    "--initial-transform": "initialTransform", "--fsl-images": "fslImages", "--initial-velocity": "initialVelocity",
    "--fixed-points": "fixedPoints", "--moving-points": "movingPoints", "--landmark-sigma": "landmarkSigma",
    "--output": None, "--bids": None, "--space": None, "--channel": "channels", "--inverse": None, "--velocity": None, "--determinant": None, "--composite": None,
    "--composite-precision": None, "--dispvect": None, "--picture": None, "--dry-run": None, "--smoke": None, "--verbose": None,
    "--processes": None, "--streamed-input": None, "--streamed-output": None, "--quiet": None, "--version": None,
    "--help": None,
}
APPLY = {
    "--transform": "none", "--fsl-images": "none", "--jacobian": "none", "--log-jacobian": "none",
    "--displacement": "none", "--initial-transform": "none", "--invert": "off", "--inverse-displacement": "none",
    "--input": "none", "--output": "none", "--reference": "none", "--interpolation": "linear", "--background": "0",
    "--points": "none", "--points-output": "none", "--skip-unmapped": "off", "--threads": "all", "--quiet": None,
    "--version": None, "--help": None,
}
BATCH = {
    "--report": "TABLE_report.json", "--output": None, "--fixed": None, "--space": "from its file name", "--suffix": "T1w",
    "--select": "all", "--checkpoint": None, "--quiet": None, "--version": None, "--help": None,
}
VIEW = {
    "--fixed": "as in the report", "--moving": "as in the report", "--initial-transform": "as in the report",
    "--output": "PREFIX_quality.png", "--vti": "off", "--point": "where the largest displacement is",
    "--neurological": "off", "--interactive": "off", "--quiet": None, "--version": None, "--help": None,
}


class Help(support.CommandLineTest):
    def check(self, call, options):
        text = self.succeed(call("--help")).stdout
        blocks = re.split(r"\n(?=  -)", text)  # an option begins a line, two blanks in
        found = {}
        for block in blocks:
            match = re.match(r"  (?:-\w, )?(--[\w-]+)", block)
            if match:
                default = re.search(r"\[default: ([^\]]+)\]", re.sub(r"\s+", " ", block))
                found[match[1]] = default[1] if default else None
        self.assertEqual(found, options)
        self.assertLessEqual(max(map(len, text.splitlines())), 100)
        self.assertEqual(text.count("Examples:"), 1)
        self.assertIn("LPS", text)

    def test_register(self):
        """The defaults are those that a run without options uses."""
        size = (12, 12, 12)
        for name, shift in (("f.nii", 0), ("m.nii", 1)):
            nifti.write(self.folder / name, size, [float((i + shift) % 12) for i in range(12 ** 3)], "f")
        self.succeed(self.register("f.nii", "m.nii", "-o", "pair"))
        report = json.loads((self.folder / "pair_report.json").read_text())
        used = {**report["options"], **report["inputs"]}
        self.assertEqual(set(report["options"]) - set(REGISTER.values()), set())
        expected = {}
        for option, member in REGISTER.items():
            value = used[member] if member else None
            if member and value in (None, []):
                value = {"levels": "automatic", "landmarkSigma": "automatic", "threads": "all"}.get(member, "none")
            elif isinstance(value, bool):
                value = "on" if value else "off"
            elif isinstance(value, (int, float)):
                value = f"{value:g}"
            elif isinstance(value, list):
                value = " ".join(f"{v:g}" for v in value)
            expected[option] = value
        expected["--space"] = "from the name of FIXED"
        expected["--composite-precision"] = "float"  # of a file, not of the registration
        expected["--processes"] = "1, or as many as mpirun has started"
        self.check(self.register, expected)
        self.assertIn("displacement maps fixed points to moving points", self.register("--help").stdout)

    def test_apply(self):
        self.check(self.apply, APPLY)

    def test_batch(self):
        program = Path(support.program("GNR_REGISTER")).with_name("gnr-batch")
        self.check(lambda *arguments: self.call(program, *arguments), BATCH)

    def test_view(self):
        self.check(self.view, VIEW)

    def test_version(self):
        for call, name in ((self.register, "gnr-register"), (self.apply, "gnr-apply")):
            # The library of Fourier transforms decides under which licence a binary may be passed on.
            self.assertRegex(self.succeed(call("--version")).stdout,
                             rf"^{name} \d+\.\d+\.\d+ \(ITK \d+\.\d+\.\d+, (FFTW [\d.]+ \(GPL\)|ducc0 [\d.]+), \w+ build\)$")


if __name__ == "__main__":
    support.main()
