#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layers of the source tree and the one way in which they may include one another.

    apps/view -> apps -> apps/common/run -> map -> io -> cli, wrapping -> include -> src/itk -> src/registration -> src/optimization -> src/model -> src/parallel -> src/kernels

include/gnr is the vocabulary (options, grids, errors) that every layer but point/ may use. Usage: layers.py [ROOT];
exit status 1 and one line per offence if there is any. Every run first proves, on a tree with known offences, that
each rule can fail.
"""
import os
import re
import sys
import tempfile

SOURCES = (".h", ".hxx", ".hpp", ".cxx", ".cpp", ".c", ".cu", ".cuh")
LONG_FILE = 600
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)

# layer -> layers that it may include (besides itself)
POINT = ["kernels"]
BACKEND = ["kernels", "kernels/point", "gnr"]
COMMON = ["apps/common/cli", "apps/common/io", "apps/common/map", "apps/common/run"]  # each may include those before it
KERNELS = ["kernels", "kernels/point", "kernels/reference", "kernels/cpu", "kernels/cuda", "gnr"]
ALLOWED = {
    "gnr": [],
    "kernels/point": POINT,
    "kernels/reference": BACKEND,
    "kernels/cpu": BACKEND,
    "kernels/cuda": BACKEND,
    "kernels": KERNELS,
    "parallel": ["kernels", "kernels/point", "gnr"],
    "parallel/mpi": ["parallel", "kernels", "gnr"],
    "model": ["parallel", "kernels", "kernels/point", "gnr"],
    "optimization": ["model", "parallel", "kernels", "gnr"],
    "registration": ["optimization", "model", "parallel", "kernels", "gnr"],
    "worker": ["registration", "kernels", "gnr"],
    "itk": ["include", "registration", "gnr"],
    "include": ["gnr"],
    **{room: [*COMMON[:i], "include", "gnr"] for i, room in enumerate(COMMON)},
    "apps": [*COMMON, "include", "gnr"],
    "apps/view": ["apps", *COMMON, "include", "gnr"],
    "examples": ["include", "gnr"],
    "wrapping": ["include", "gnr"],
}

# what, pattern of the included name, where it may stand
THIRD_PARTIES = [
    ("ITK", re.compile(r"^(itk|vnl/|vcl_|gdcm|nifti)"), ("include", "itk", *COMMON, "apps", "apps/view", "examples", "wrapping")),
    ("CUDA", re.compile(r"^(cuda|cufft|cub/|thrust/|nvtx|device_launch)"), ("kernels/cuda",)),
    ("MPI", re.compile(r"^mpi(-ext)?\.h$"), ("parallel/mpi", "examples")),
    ("FFTW or ducc0", re.compile(r"^(fftw|ducc0/)"), ("kernels/cpu",)),
    ("CLI11 or JSON", re.compile(r"^(CLI/|nlohmann/)"), (*COMMON, "apps", "apps/view")),
    ("VTK", re.compile(r"^vtk"), ("apps/view",)),
]


def layer_of(path):
    """The layer of a file, given relative to the root; None where no rule applies (tests, benchmarks)."""
    parts = path.split("/")
    if parts[0] == "include":
        return "gnr" if parts[1] == "gnr" else "include"
    if parts[0] == "src" and len(parts) > 2:
        if parts[1] == "kernels" and len(parts) > 3:
            return "kernels/" + parts[2]
        if parts[1:3] == ["parallel", "mpi"] and len(parts) > 3:
            return "parallel/mpi"
        return parts[1]
    if parts[:2] == ["apps", "common"]:
        return "/".join(parts[:3])
    if parts[:2] == ["apps", "view"]:
        return "apps/view"
    if parts[0] in ("apps", "examples", "wrapping"):
        return parts[0]
    return None


def resolve(root, path, name):
    """The file inside the root that `name` means in `path`; None for everything that is not ours."""
    for folder in (os.path.dirname(path), "src", "include", "apps"):
        candidate = os.path.normpath(os.path.join(folder, name)).replace(os.sep, "/")
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def files(root):
    for top in ("include", "src", "apps", "examples", "wrapping", "test", "benchmarks"):
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders.sort()
            for name in sorted(names):
                if name.endswith(SOURCES):
                    yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def check(root):
    """(number of files, offences, remarks)"""
    offences, remarks, number = [], [], 0
    for path in files(root):
        number += 1
        with open(os.path.join(root, path), encoding="utf-8") as stream:
            text = stream.read()
        lines = text.count("\n")
        if lines > LONG_FILE:
            remarks.append("%s has %d lines (more than %d): has it more than one subject?" % (path, lines, LONG_FILE))
        layer = layer_of(path)
        if layer is None:
            continue
        if layer not in ALLOWED:
            offences.append("%s: the folder is no layer of the design" % path)
            continue
        for match in INCLUDE.finditer(text):
            name = match.group(2)
            line = text.count("\n", 0, match.start()) + 1
            target = resolve(root, path, name)
            if target is not None:
                other = layer_of(target)
                if other != layer and other not in ALLOWED[layer]:
                    offences.append("%s:%d: %s may not include %s (%s)" % (path, line, layer, other or "tests", target))
                continue
            for what, pattern, places in THIRD_PARTIES:
                if pattern.match(name) and layer not in places:
                    offences.append("%s:%d: %s (%s) belongs into %s only" % (path, line, what, name, ", ".join(places)))
    return number, offences, remarks


# file -> (content, words that the complaint must hold; None: none may come)
BAD_TREE = {
    "include/gnr/Grid.h": ("#include <array>\n", None),
    "include/gnr/Itk.h": ("#include <itkImage.h>\n", "ITK"),
    "include/itkFilter.h": ('#include "gnr/Grid.h"\n#include "itkImage.h"\n', None),
    "include/itkInternal.h": ('#include "model/Model.h"\n', "include may not include model"),
    "src/itk/itkFilter.cxx": ('#include "itkFilter.h"\n#include "registration/Solve.h"\n', None),
    "src/itk/itkDeep.cxx": ('#include "kernels/kernels.h"\n', "itk may not include kernels"),
    "src/registration/Solve.h": ('#include "optimization/Krylov.h"\n', None),
    "src/registration/Itk.cpp": ('#include <itkImage.h>\n', "ITK"),
    "src/optimization/Krylov.h": ('#include "model/Model.h"\n', None),
    "src/optimization/Up.cpp": ('  #  include "registration/Solve.h"\n', "optimization may not include registration"),
    "src/model/Model.h": ('#include "kernels/kernels.h"\n#include "parallel/Slab.h"\n', None),
    "src/model/Up.cpp": ('#include "optimization/Krylov.h"\n', "model may not include optimization"),
    "src/model/Backend.cpp": ('#include "kernels/cpu/Cpu.h"\n', "model may not include kernels/cpu"),
    "src/model/Mpi.cpp": ("#include <mpi.h>\n", "MPI"),
    "src/parallel/Slab.h": ('#include "kernels/kernels.h"\n', None),
    "src/parallel/Up.cpp": ('#include "model/Model.h"\n', "parallel may not include model"),
    "src/parallel/Mpi.cpp": ("#include <mpi.h>\n", "MPI"),
    "src/parallel/Down.cpp": ('#include "parallel/mpi/Mpi.h"\n', "parallel may not include parallel/mpi"),
    "src/parallel/mpi/Mpi.h": ('#include <mpi.h>\n#include "parallel/Slab.h"\n', None),
    "src/kernels/kernels.h": ('#include "gnr/Grid.h"\n', None),
    "src/kernels/Up.cpp": ('#include "parallel/Slab.h"\n', "kernels may not include parallel"),
    "src/kernels/point/Stencil.h": ("#include <cmath>\n", None),
    "src/kernels/cpu/Cpu.h": ('#include "kernels/kernels.h"\n#include "../point/Stencil.h"\n', None),
    "src/kernels/cpu/Cuda.cpp": ("#include <cuda_runtime.h>\n", "CUDA"),
    "src/kernels/cuda/Cuda.cu": ("#include <cuda_runtime.h>\n", None),
    "src/kernels/reference/Cpu.cpp": ('#include "../cpu/Cpu.h"\n', "kernels/reference may not include kernels/cpu"),
    "src/other/Other.cpp": ("\n", "no layer"),
    "apps/app.cxx": ('#include "itkFilter.h"\n#include <CLI/CLI.hpp>\n', None),
    "apps/deep.cxx": ('#include "registration/Solve.h"\n', "apps may not include registration"),
    "apps/common/cli/Vtk.cxx": ("#include <vtkImageData.h>\n", "VTK"),
    "apps/common/io/File.h": ('#include "common/cli/Error.h"\n#include <CLI/CLI.hpp>\n', None),
    "apps/common/cli/Error.h": ('#include "common/io/File.h"\n', "apps/common/cli may not include apps/common/io"),
    "apps/common/File.h": ("\n", "no layer"),
    "apps/view/Picture.h": ('#include "app.h"\n#include <vtkImageData.h>\n#include <nlohmann/json.hpp>\n', None),
    "apps/app.h": ('#include "view/Picture.h"\n', "apps may not include apps/view"),
    "src/model/Json.cpp": ("#include <nlohmann/json.hpp>\n", "JSON"),
    "test/core/anyTest.cpp": ('#include "kernels/cpu/Cpu.h"\n', None),
}


def prove_that_it_can_fail():
    with tempfile.TemporaryDirectory() as root:
        for path, (content, _) in BAD_TREE.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as stream:
                stream.write(content)
        number, offences, _ = check(root)
    failures = [] if number == len(BAD_TREE) else ["%d of %d files were read" % (number, len(BAD_TREE))]
    for path, (_, words) in BAD_TREE.items():
        said = [offence for offence in offences if offence.startswith(path + ":")]
        if words is None and said:
            failures.append("complained without reason: " + said[0])
        if words is not None and not any(words in offence for offence in said):
            failures.append("did not see the offence in " + path)
    return failures


def main():
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), ".."))
    failures = prove_that_it_can_fail()
    if failures:
        print("layers.py does not work:\n  " + "\n  ".join(failures))
        return 1
    number, offences, remarks = check(root)
    for remark in remarks:
        print("remark: " + remark)
    for offence in offences:
        print(offence)
    print("%d files, %d offences (of %d rules proven on a bad tree)"
          % (number, len(offences), sum(words is not None for _, words in BAD_TREE.values())))
    if number == 0:
        print("no sources under " + root)
        return 1
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
