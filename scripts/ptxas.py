#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what CUDA's assembler says of the kernels (nvcc -Xptxas -v).

    ptxas.py compile NVCC ARGUMENT...   a compiler launcher: runs the compiler, keeps the words of the assembler beside the
                                        object (OBJECT.ptxas) and fails if a kernel spills registers or has a stack frame
    ptxas.py table FOLDER               the kernels of all *.ptxas below a folder, as a table of Markdown
"""
import os
import re
import subprocess
import sys

COMPILING = re.compile(r"Compiling entry function '([^']+)' for '([^']+)'")
FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers")
SHARED = re.compile(r"(\d+) bytes smem")


class Kernel:
    def __init__(self, name, architecture):
        self.name, self.architecture = name, architecture
        self.frame = self.stores = self.loads = self.registers = None
        self.shared = 0


def parse(text):
    kernels, kernel = [], None
    for line in text.splitlines():
        match = COMPILING.search(line)
        if match:
            kernel = Kernel(*match.groups())
            kernels.append(kernel)
            continue
        match = FRAME.search(line)
        if match and kernel:
            kernel.frame, kernel.stores, kernel.loads = map(int, match.groups())
        match = USED.search(line)
        if match and kernel:
            kernel.registers = int(match.group(1))
            match = SHARED.search(line)
            kernel.shared = int(match.group(1)) if match else 0
            kernel = None
    return kernels


def readable(names):
    """Demangled, and of that what tells kernels apart."""
    try:
        result = subprocess.run(["c++filt"], input="\n".join(names), stdout=subprocess.PIPE, text=True, check=True)
        names = result.stdout.splitlines()
    except OSError:
        pass
    return [short(name) for name in names]


def short(name):
    kernel = re.search(r"(\w+Kernel)\b", name)
    method = re.search(r"CudaKernels::(\w+)\(", name) or re.search(r"(\w+)\(gnr::cuda::StreamHere", name)
    use = re.search(r"(MultiplyBySymbol<\d>|DerivativeUse<\d>|cuda::Sum|cuda::Maximum)", name.replace("(int)", ""))
    words = [kernel.group(1) if kernel else name[:60]]
    words += [method.group(1)] if method else []
    words += [use.group(1).replace("cuda::", "")] if use else []
    return " ".join(words)


def offences(kernels):
    said = []
    for kernel in kernels:
        if kernel.frame is None or kernel.registers is None:
            said.append("%s (%s): the assembler did not tell its registers" % (kernel.name, kernel.architecture))
        elif kernel.frame or kernel.stores or kernel.loads:
            said.append("%s (%s): %d bytes of stack, %d bytes of spills" % (
                kernel.name, kernel.architecture, kernel.frame, kernel.stores + kernel.loads))
    return said


def compile_one(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    told = [line for line in result.stdout.splitlines() if not line.startswith("ptxas info")
            and not FRAME.search(line)]
    if told:
        print("\n".join(told))
    if result.returncode != 0 or "-c" not in command or "-o" not in command:
        return result.returncode
    target = command[command.index("-o") + 1]
    with open(target + ".ptxas", "w", encoding="utf-8") as stream:
        stream.write(result.stdout)
    said = offences(parse(result.stdout))
    if said:
        print("error: kernels that keep registers in memory:\n  " + "\n  ".join(said))
        os.remove(target)
        return 1
    return 0


def occupancy(kernel):
    """Per cent of the 2048 threads of a multiprocessor (8.0, 9.0) that blocks of 256 threads can keep resident."""
    registers = 65536 // (256 * ((kernel.registers + 7) // 8 * 8))
    shared = 163 * 1024 // (kernel.shared + 1024)  # a KiB of each block is the system's
    return 100 * 256 * min(8, registers, shared) // 2048


def table(folder):
    kernels = []
    for path, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".ptxas"):
                with open(os.path.join(path, name), encoding="utf-8") as stream:
                    kernels += [(name.split(".")[0], kernel) for kernel in parse(stream.read())]
    if not kernels:
        print("no *.ptxas under %s: build the preset cuda first" % folder)
        return 1
    rows = {}
    for (file, kernel), name in zip(kernels, readable([kernel.name for _, kernel in kernels])):
        rows.setdefault((file, name), {}).setdefault(kernel.architecture, []).append(kernel)
    architectures = sorted({kernel.architecture for _, kernel in kernels})
    print("| file | kernel | registers (%s) | shared memory, bytes | occupancy |" % ", ".join(architectures))
    print("|---|---|---|---|---|")
    for (file, name), by in sorted(rows.items()):
        registers = ", ".join(str(max(k.registers for k in by[a])) if a in by else "–" for a in architectures)
        kernels_here = [k for ks in by.values() for k in ks]
        print("| `%s.cu` | %s | %s | %d | %d %% |" % (file, name, registers, max(k.shared for k in kernels_here),
                                                   min(occupancy(k) for k in kernels_here)))
    return 1 if offences([kernel for _, kernel in kernels]) else 0


def prove_that_it_can_fail():
    bad = """ptxas info    : Compiling entry function 'spills' for 'sm_90'
ptxas info    : Function properties for spills
    8 bytes stack frame, 4 bytes spill stores, 4 bytes spill loads
ptxas info    : Used 255 registers, used 1 barriers, 80 bytes smem
ptxas info    : Compiling entry function 'good' for 'sm_90'
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 40 registers
ptxas info    : Compiling entry function 'silent' for 'sm_90'
"""
    kernels = parse(bad)
    assert [k.name for k in kernels] == ["spills", "good", "silent"] and kernels[0].shared == 80
    assert occupancy(kernels[1]) == 75 and occupancy(kernels[0]) == 12
    said = offences(kernels)
    assert len(said) == 2 and "spills" in said[0] and "silent" in said[1], said


def main():
    prove_that_it_can_fail()
    if sys.argv[1:2] == ["compile"] and len(sys.argv) > 2:
        return compile_one(sys.argv[2:])
    if sys.argv[1:2] == ["table"] and len(sys.argv) == 3:
        return table(sys.argv[2])
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
