# SPDX-License-Identifier: Apache-2.0
"""What the scripts of this folder share: the image pairs, the programs, processes and what they cost, the machine, and
text between markers. The standard library alone: a process starts with the largest resident set of its parent on its
account (Linux keeps it over exec), so whoever measures memory must stay small itself."""
import contextlib
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple, Optional

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


class BadInput(Exception):
    pass


# --- image pairs ---------------------------------------------------------------------------------------------------
class Pair(NamedTuple):
    """Files of one pair; `labels` is what evaluate.py takes, None: all that both segmentations have."""
    name: str
    fixed: Path
    moving: Path
    fixed_labels: Optional[Path] = None
    moving_labels: Optional[Path] = None
    labels: Optional[str] = None


# folder under the extra data: fixed, moving, their segmentations, labels
KNOWN_PAIRS = {
    "nirep_half": ("na01_half_t1", "na02_half_t1", "na01_half_seg", "na02_half_seg", "1-32"),
    "nirep_full": ("na01", "na02", "na01_seg", "na02_seg", "1-32"),
    "miccai12_2mm": ("1000_t1", "1001_t1", "1000_seg", "1001_seg", None),
    "synthseg_2mm": ("s02_synth_t1", "s07_synth_t1", "s02_seg", "s07_seg", None),
}


def find_pairs(data, names=None):
    """The known pairs below `data`; without data the one that comes with the project, which has no segmentations."""
    pairs = {}
    if data:
        for name, (*files, labels) in KNOWN_PAIRS.items():
            paths = [Path(data) / name / (file + ".nii.gz") for file in files]
            if all(path.is_file() for path in paths):
                pairs[name] = Pair(name, *paths, labels)
    folder = ROOT / "examples" / "data" / "brainweb_2mm"
    pairs["brainweb_2mm"] = Pair("brainweb_2mm", folder / "t1_tps.nii.gz", folder / "t1.nii.gz")
    if names:
        for name in names:
            if name not in pairs:
                raise BadInput(f"--pairs: '{name}' is not among {', '.join(pairs)}, which were found"
                               + ("" if data else ". Give --data or set GNR_EXTRA_TEST_DATA"))
        return [pairs[name] for name in names]
    return [pair for name, pair in pairs.items() if name in KNOWN_PAIRS] or list(pairs.values())


# --- programs and processes ----------------------------------------------------------------------------------------
def program(build, name):
    path = Path(build) / "bin" / name
    if not os.access(path, os.X_OK):
        raise BadInput(f"--build: {path} is missing. Build it: cmake --preset benchmarks && "
                       "cmake --build --preset benchmarks")
    return str(path)


class Run(NamedTuple):
    cpu: float  # seconds, user and system, all threads
    wall: float
    peak: int  # bytes
    code: int  # exit status
    output: str  # standard output


def run(command, threads, allowed=(0,)):
    """Runs a program to its end and says what the process cost. An exit status that is not allowed is an error."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS=str(threads))
    command = [str(part) for part in command]
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=errors, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in allowed:
            errors.seek(0)
            raise BadInput(f"{' '.join(command)}\n  ended with exit status {process.returncode}: {errors.read().strip()}")
        out.seek(0)
        unit = 1 if sys.platform == "darwin" else 1024
        return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * unit, process.returncode, out.read())


# --- the machine ---------------------------------------------------------------------------------------------------
def _first(pattern, path):
    with contextlib.suppress(OSError):
        match = re.search(pattern, Path(path).read_text(encoding="utf-8", errors="replace"), re.M)
        if match:
            return match.group(1).strip()
    return None


def _line_of(*command):
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        lines = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
        return lines.splitlines()[0] if lines else None
    return None


def machine(build):
    """Where and with what is measured; None for what cannot be found out. To be called before the measurements: the load
    average tells whether others use the machine, too."""
    cache = Path(build) / "CMakeCache.txt"
    compiler = _first(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache)
    memory = _first(r"^MemTotal:\s+(\d+) kB", "/proc/meminfo")
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"note: the load average is {load:.1f}, so other programs are running; wall times will mislead", flush=True)
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "processor": _first(r"^model name\s*:\s*(.*)$", "/proc/cpuinfo") or platform.processor() or None,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memoryBytes": int(memory) * 1024 if memory else None,
        "loadAverage": load,
        "system": platform.platform(),
        "compiler": _line_of(compiler, "--version") if compiler else None,
        "buildType": _first(r"^CMAKE_BUILD_TYPE:\w+=(.*)$", cache),
        "itk": _first(r"^ITK_DIR:\w+=(.*)$", cache),
        "gnr-register": _line_of(program(build, "gnr-register"), "--version"),
        "commit": _line_of("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
    }


# --- texts ---------------------------------------------------------------------------------------------------------
def table(header, rows):
    """Markdown."""
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [header, ["---"] * len(header), *rows])


def threads_text(number):
    return "one thread" if number == 1 else f"{number} threads"


def replace_block(path, name, text):
    """Puts text between `<!-- NAME: begin ... -->` and `<!-- NAME: end -->` of a file."""
    pattern = re.compile(rf"(<!-- {re.escape(name)}: begin[^>]*-->\n).*?(<!-- {re.escape(name)}: end -->)", re.S)
    old = Path(path).read_text(encoding="utf-8")
    new, number = pattern.subn(lambda match: match.group(1) + text.rstrip() + "\n" + match.group(2), old)
    if number != 1:
        raise BadInput(f"{path}: has {number} blocks '<!-- {name}: begin -->' ... '<!-- {name}: end -->'; one is needed")
    Path(path).write_text(new, encoding="utf-8")


def write_json(path, value):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def add_common_arguments(parser, output):
    """--build, --data and --output, by default `output` in benchmarks/results."""
    parser.add_argument("--build", default=ROOT / "build" / "benchmarks", type=Path, metavar="FOLDER",
                        help="build folder with the programs [default: build/benchmarks]")
    parser.add_argument("--data", default=os.environ.get("GNR_EXTRA_TEST_DATA") or None, metavar="FOLDER",
                        help="folder of image pairs [default: the environment's GNR_EXTRA_TEST_DATA]")
    parser.add_argument("--output", default=RESULTS / output, type=Path, metavar="FILE",
                        help=f"where to write the measurements, JSON [default: benchmarks/results/{output}]")


def run_main(main):
    """Ends the script with one line for an error that the user can mend."""
    try:
        main()
    except BadInput as error:
        sys.exit(f"{Path(sys.argv[0]).name}: error: {error}")
