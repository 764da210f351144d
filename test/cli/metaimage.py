# SPDX-License-Identifier: Apache-2.0
"""MetaImages of float voxels without compression, header and data in one file (.mha)."""
import array

import nifti


def write(path, size, values, matrix=((1, 0, 0), (0, 1, 0), (0, 0, 1)), origin=(0, 0, 0)):
    """As nifti.write(), for one component."""
    spacing = [sum(matrix[r][c] ** 2 for r in range(3)) ** 0.5 for c in range(3)]
    directions = [matrix[r][c] / spacing[c] for c in range(3) for r in range(3)]  # axis by axis
    words = lambda numbers: " ".join(repr(float(n)) for n in numbers)
    header = ("ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = False\n"
              f"TransformMatrix = {words(directions)}\nOffset = {words(origin)}\nElementSpacing = {words(spacing)}\n"
              f"DimSize = {size[0]} {size[1]} {size[2]}\nElementType = MET_FLOAT\nElementDataFile = LOCAL\n")
    with open(path, "wb") as stream:
        stream.write(header.encode() + array.array("f", values).tobytes())


def read(path):
    """A nifti.Image, components apart."""
    with open(path, "rb") as stream:
        raw = stream.read()
    end = raw.index(b"ElementDataFile = LOCAL\n") + len(b"ElementDataFile = LOCAL\n")
    header = dict(line.split(" = ", 1) for line in raw[:end].decode().splitlines())
    assert header["ElementType"] in ("MET_FLOAT", "MET_FLOAT_ARRAY") and header["CompressedData"] == "False", header
    size = [int(n) for n in header["DimSize"].split()]
    spacing = [float(n) for n in header["ElementSpacing"].split()]
    axes = [float(n) for n in header["TransformMatrix"].split()]
    matrix = [[axes[3 * c + r] * spacing[c] for c in range(3)] for r in range(3)]
    components = int(header.get("ElementNumberOfChannels", 1))
    values = array.array("f")
    values.frombytes(raw[end:])
    assert len(values) == size[0] * size[1] * size[2] * components, "file too short or too long"
    return nifti.Image(size, matrix, [float(n) for n in header["Offset"].split()],
                       [values[c::components] for c in range(components)])
