# SPDX-License-Identifier: Apache-2.0
"""NRRD files with 3-D images, with Python's standard library alone: the format in which 3D Slicer passes volumes."""
import array
import gzip

from nifti import Image

TYPES = {"float": "f", "double": "d", "short": "h", "int": "i", "unsigned char": "B", "uchar": "B"}


def read(path):
    """An image in LPS; the components of a vector image come first in the file."""
    with open(path, "rb") as stream:
        raw = stream.read()
    head, body = raw.split(b"\n\n", 1)
    lines = head.decode().splitlines()
    assert lines[0].startswith("NRRD"), path
    field = dict(line.split(": ", 1) for line in lines[1:] if not line.startswith("#") and ": " in line)
    assert field["space"] == "left-posterior-superior" and field.get("endian", "little") == "little", field
    vectors = [tuple(map(float, v.strip("()").split(","))) for v in field["space directions"].split() if v != "none"]
    sizes = list(map(int, field["sizes"].split()))
    number = sizes.pop(0) if len(sizes) == 4 else 1
    values = array.array(TYPES[field["type"]])
    values.frombytes(gzip.decompress(body) if field["encoding"] in ("gzip", "gz") else body)
    assert len(values) == number * sizes[0] * sizes[1] * sizes[2]
    matrix = [[vectors[c][r] for c in range(3)] for r in range(3)]
    origin = list(map(float, field["space origin"].strip("()").split(",")))
    return Image(tuple(sizes), matrix, origin, [values[i::number] for i in range(number)])


def write(path, size, values, typecode="f", matrix=((1, 0, 0), (0, 1, 0), (0, 0, 1)), origin=(0, 0, 0)):
    columns = " ".join("(" + ",".join(repr(float(matrix[r][c])) for r in range(3)) + ")" for c in range(3))
    name = {code: kind for kind, code in TYPES.items() if kind != "uchar"}[typecode]
    head = (f"NRRD0004\ntype: {name}\ndimension: 3\nspace: left-posterior-superior\nsizes: {size[0]} {size[1]} {size[2]}\n"
            f"space directions: {columns}\nkinds: domain domain domain\nendian: little\nencoding: raw\n"
            f"space origin: ({','.join(repr(float(v)) for v in origin)})\n\n")
    with open(path, "wb") as stream:
        stream.write(head.encode() + array.array(typecode, values).tobytes())
