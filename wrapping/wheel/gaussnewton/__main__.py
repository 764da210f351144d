# SPDX-License-Identifier: Apache-2.0
"""The command gaussnewton, or python -m gaussnewton: register() and Result.save() on files that nibabel reads. Its options
are those of the option table, named and spelt as those of gnr-register; its exit codes are the same, too."""
import argparse
import os
import re
import sys

import numpy as np

from . import __version__, fourier_transforms
from ._align import align
from ._errors import InputError, NumericalError, ResourceError
from ._images import read
from ._registration import options, paths, register

_PROGRAM = "gaussnewton"
_INPUT, _RESOURCES, _NUMERICS, _TIME_LIMIT, _INTERRUPTED = 2, 3, 4, 5, 130
_OUTPUTS = {"inverse": "the inverse displacement", "velocity": "the stationary velocity",
            "determinant": "det(I + grad u)"}


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise InputError("%s. See %s --help" % (message, _PROGRAM))


def _parser(rows):
    parser = _Parser(prog=_PROGRAM, allow_abbrev=False, usage="%(prog)s FIXED MOVING -o PREFIX [OPTIONS]", description=(
        "Registers two 3-D images: finds the smooth, invertible deformation that makes MOVING look like FIXED."))
    add = parser.add_argument
    add("fixed", metavar="FIXED", help="fixed image, in a format that nibabel reads, NIfTI for example")
    add("moving", metavar="MOVING", help="moving image, deformed to match FIXED; on any grid")
    add("-o", "--output", metavar="PREFIX", required=True, help=(
        "start of the names of all files written; the folder is created if only its last part is missing"))
    add("--fixed-mask", metavar="FILE", help="mask on the grid of FIXED: the match counts only where it is not 0")
    add("--moving-mask", metavar="FILE", help="mask on the grid of MOVING")
    add("--initial-transform", choices=("moments", "rigid", "affine"), help=(
        "align the images first; rigid and affine need SimpleITK. What is found is written to PREFIX_initial.tfm"))
    for name, what in _OUTPUTS.items():
        add("--" + name, action="store_true", help="write %s, too" % what)
    add("--preset", default="default", help="named set of options: fast, default, accurate or lung-ct")
    add("-q", "--quiet", action="store_true", help="print errors only")
    add("--version", action="version", version="%s %s (Fourier transforms: %s)" % (_PROGRAM, __version__, fourier_transforms))
    group = parser.add_argument_group("options of the registration, which override the preset")
    for row in rows:
        kind = {"metavar": "VALUE"}
        if row["allowed"] == "on or off":
            kind = {"action": argparse.BooleanOptionalAction}
        elif row["allowed"].startswith("two numbers"):
            kind = {"nargs": 2, "metavar": ("LOWER", "UPPER")}
        text = "%s: %s [default: %s]" % (row["allowed"] + (", " + row["unit"] if row["unit"] else ""), row["help"], row["default"])
        group.add_argument("--" + row["name"].replace("_", "-"), dest="option " + row["name"], default=argparse.SUPPRESS,
                           help=text.replace("%", "%%"), **kind)
    return parser


def _load(path):
    """An image of nibabel with its voxels in memory, of three dimensions."""
    try:
        import nibabel
    except ImportError:
        raise InputError("the images are read by nibabel, which is not installed: pip install nibabel") from None
    if not os.path.exists(path):
        raise InputError(path + ": no such file. Check the path; convert a DICOM series to NIfTI first")
    try:
        image = nibabel.load(path)
    except (nibabel.filebasedimages.ImageFileError, OSError, ValueError) as error:
        raise InputError("%s: is not an image that nibabel can read (%s). Convert it to NIfTI" % (path, error)) from None
    try:
        image = nibabel.Nifti1Image(np.asanyarray(image.dataobj), image.affine)
    except Exception as error: # truncated and damaged files fail in many ways, by zlib's errors and others
        raise InputError("%s: its voxels cannot be read (%s). Copy or export it again" % (path, error)) from None
    try:
        read(image)
    except InputError as error:
        raise InputError("%s: %s" % (path, error)) from None
    return image


def _prepare(written, inputs):
    """Refuses what would replace an input, and folders that cannot be made or written."""
    folder = os.path.dirname(written[0]) or "."
    for path in written:
        for source in inputs:
            if os.path.exists(path) and os.path.samefile(path, source):
                raise InputError(path + ": would be written, and is an input as well. Choose another --output")
    place = folder if os.path.isdir(folder) else os.path.dirname(folder) or "."
    if not os.path.isdir(place):
        raise InputError("%s: the output folder does not exist, nor does the folder above it. Create it first, or choose "
                         "another --output" % folder)
    if not os.access(place, os.W_OK | os.X_OK):
        raise InputError(place + ": this folder cannot be written. Change its permissions, or choose another --output")


def _with_file(message, files):
    """The file in place of the parameter of register() that a message begins with."""
    name = re.match(r"(fixed_mask|moving_mask|fixed|moving)\b", message)
    if name and name.group(1) in files:
        return files[name.group(1)] + message[name.end():]
    return message


def _run(arguments):
    chosen = vars(_parser(options()).parse_args(arguments))
    settings = {name[len("option "):]: " ".join(value) if isinstance(value, list) else value # of two numbers
                for name, value in chosen.items() if name.startswith("option ")}
    files = {name: chosen[name] for name in ("fixed", "moving", "fixed_mask", "moving_mask") if chosen[name] is not None}
    outputs = [name for name in _OUTPUTS if chosen[name]]
    images = {name: _load(path) for name, path in files.items()}
    _prepare(list(paths(chosen["output"], outputs, chosen["initial_transform"] is not None).values()), files.values())
    masks = {name: images[name] for name in ("fixed_mask", "moving_mask") if name in images}
    say = (lambda text: None) if chosen["quiet"] else print
    try:
        initial = None
        if chosen["initial_transform"] is not None:
            initial = align(images["fixed"], images["moving"], chosen["initial_transform"], **masks)
        result = register(images["fixed"], images["moving"], initial_transform=initial, preset=chosen["preset"],
                          progress=not chosen["quiet"] and sys.stderr.isatty(), outputs=outputs, **masks, **settings)
    except InputError as error:
        raise InputError(_with_file(str(error), files)) from None
    for message in result.report["messages"]:
        say(message)
    found = result.report["result"]
    say("mismatch %.4f (1 before), det(I + grad u) %.4f ... %.4f, folded voxels %d, max |u| %.3f mm; stopped because: %s" % (
        found["mismatch"], found["determinant"]["minimum"], found["determinant"]["maximum"], found["foldedVoxels"],
        found["maximumDisplacementMm"], found["stopDescription"]))
    try:
        for path in result.save(chosen["output"]):
            say(path)
    except OSError as error:
        raise ResourceError("%s: the results cannot be written completely (%s). Make room"
                            % (chosen["output"], error.strerror)) from None
    return _TIME_LIMIT if found["stopReason"] == "time-limit" else 0


def main(arguments=None):
    """Runs the command with these arguments, those of the process unless given; returns its exit code."""
    try:
        return _run(arguments)
    except InputError as error:
        code, text = _INPUT, str(error)
    except (ResourceError, MemoryError) as error:
        code, text = _RESOURCES, str(error) or "not enough memory. Use smaller images or a larger machine"
    except NumericalError as error:
        code, text = _NUMERICS, str(error)
    except KeyboardInterrupt:
        code, text = _INTERRUPTED, "interrupted"
    print("%s: error: %s" % (_PROGRAM, text), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
