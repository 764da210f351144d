#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How far a displacement is from the known one of examples/data/brainweb_2mm: demo_error.py DISPLACEMENT FOLDER

Mean and 95th percentile over the head (fixed image above 20), in mm. Needs nothing but Python.
"""
import array
import gzip
import math
import os
import struct
import sys


def read(path):
    """The values of a little-endian NIfTI file."""
    with gzip.open(path) as file:
        data = file.read()
    kind = {2: "B", 4: "h", 16: "f"}[struct.unpack_from("<h", data, 70)[0]]
    values = array.array(kind)
    values.frombytes(data[int(struct.unpack_from("<f", data, 108)[0]):])
    return values


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    field = read(sys.argv[1])
    truth = read(os.path.join(sys.argv[2], "truth_uy_0.01mm.nii.gz"))
    head = read(os.path.join(sys.argv[2], "t1_tps.nii.gz"))
    n = len(head)
    # The truth is along the voxel axis y, which points to -y of LPS: the sum of both is the error.
    inside = [i for i in range(n) if head[i] > 20]
    found = sorted(math.sqrt(field[i] ** 2 + (field[n + i] + 0.01 * truth[i]) ** 2 + field[2 * n + i] ** 2) for i in inside)
    before = sum(abs(0.01 * truth[i]) for i in inside) / len(inside)
    print("\nagainst the known deformation, mean over the head: %.2f mm before, %.2f mm after registration "
          "(95 %% of the voxels below %.2f mm)" % (before, sum(found) / len(found), found[len(found) * 95 // 100]))


if __name__ == "__main__":
    main()
