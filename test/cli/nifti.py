# SPDX-License-Identifier: Apache-2.0
"""NIfTI-1 images with the standard library alone: enough to make phantoms and to judge results.

Voxels are flat arrays with x fastest. Vector images hold one array per component. World coordinates are LPS in mm, as in
ITK (the file itself holds RAS)."""
import array
import gzip
import math
import struct

TYPES = {  # NIfTI datatype: (array type code, bytes)
    2: ("B", 1), 4: ("h", 2), 8: ("i", 4), 16: ("f", 4), 64: ("d", 8), 256: ("b", 1), 512: ("H", 2), 768: ("I", 4),
    1024: ("q", 8), 1280: ("Q", 8),
}
CODES = {typecode: (code, size) for code, (typecode, size) in TYPES.items()}


class Image:
    """size (voxels), matrix and origin (index -> LPS mm), components: list of arrays."""

    def __init__(self, size, matrix, origin, components):
        self.size, self.matrix, self.origin, self.components = tuple(size), matrix, origin, components

    @property
    def data(self):
        assert len(self.components) == 1
        return self.components[0]

    def point(self, x, y, z):
        m, o = self.matrix, self.origin
        return tuple(m[r][0] * x + m[r][1] * y + m[r][2] * z + o[r] for r in range(3))

    def index(self, point):
        """Continuous index of a physical point."""
        (a, b, c), (d, e, f), (g, h, i) = self.matrix
        det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
        p, q, r = (point[k] - self.origin[k] for k in range(3))
        return (((e * i - f * h) * p + (c * h - b * i) * q + (b * f - c * e) * r) / det,
                ((f * g - d * i) * p + (a * i - c * g) * q + (c * d - a * f) * r) / det,
                ((d * h - e * g) * p + (b * g - a * h) * q + (a * e - b * d) * r) / det)


def read(path):
    with (gzip.open(path) if str(path).endswith(".gz") else open(path, "rb")) as stream:
        raw = stream.read()
    assert struct.unpack_from("<i", raw, 0)[0] == 348, "not a little-endian NIfTI-1 file"
    dim = struct.unpack_from("<8h", raw, 40)
    code = struct.unpack_from("<h", raw, 70)[0]
    pixdim = struct.unpack_from("<8f", raw, 76)
    offset = int(struct.unpack_from("<f", raw, 108)[0])
    qform, sform = struct.unpack_from("<2h", raw, 252)
    if sform > 0:
        rows = [struct.unpack_from("<4f", raw, 280 + 16 * r) for r in range(3)]
    elif qform > 0:
        rows = _qform_rows(struct.unpack_from("<6f", raw, 256), pixdim)
    else:
        rows = [[pixdim[1], 0, 0, 0], [0, pixdim[2], 0, 0], [0, 0, pixdim[3], 0]]
    signs = (-1.0, -1.0, 1.0)  # RAS -> LPS
    matrix = [[signs[r] * rows[r][c] for c in range(3)] for r in range(3)]
    origin = [signs[r] * rows[r][3] for r in range(3)]
    size = tuple(dim[1:4])
    count = size[0] * size[1] * size[2]
    components = dim[5] if dim[0] >= 5 else 1
    typecode, width = TYPES[code]
    values = array.array(typecode)
    values.frombytes(raw[offset:offset + count * components * width])
    assert len(values) == count * components, "file too short"
    return Image(size, matrix, origin, [values[i * count:(i + 1) * count] for i in range(components)])


def _qform_rows(q, pixdim):
    b, c, d = q[:3]
    a = max(0.0, 1.0 - b * b - c * c - d * d) ** 0.5
    flip = -1.0 if pixdim[0] < 0 else 1.0
    rotation = [[a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
                [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
                [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c]]
    scale = (pixdim[1], pixdim[2], pixdim[3] * flip)
    return [[rotation[r][k] * scale[k] for k in range(3)] + [q[3 + r]] for r in range(3)]


def write(path, size, components, typecode, matrix=((1, 0, 0), (0, 1, 0), (0, 0, 1)), origin=(0, 0, 0), rgb=False):
    """`components` is one flat sequence, or a list of them for a vector image; `matrix` and `origin` are LPS, mm.
    `size` may have any number of axes."""
    if not hasattr(components[0], "__len__"):
        components = [components]
    code, width = (128, 3) if rgb else CODES[typecode]
    dim = [len(size)] + list(size) + [1] * (7 - len(size))
    if len(components) > 1:
        dim[0], dim[4], dim[5] = 5, 1, len(components)
    spacing = [sum(matrix[r][c] ** 2 for r in range(3)) ** 0.5 for c in range(3)]
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, *dim)
    struct.pack_into("<h", header, 68, 1007 if len(components) > 1 else 0)
    struct.pack_into("<2h", header, 70, code, 8 * width)
    struct.pack_into("<8f", header, 76, 1, *spacing, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    struct.pack_into("<f", header, 112, 1)
    header[123] = 2  # mm
    struct.pack_into("<2h", header, 252, 0, 1)
    signs = (-1.0, -1.0, 1.0)
    for r in range(3):
        struct.pack_into("<4f", header, 280 + 16 * r, *(signs[r] * v for v in (*matrix[r], origin[r])))
    header[344:348] = b"n+1\0"
    body = b"".join(array.array(typecode, c).tobytes() for c in components)
    raw = bytes(header) + body
    with (gzip.GzipFile(path, "wb", 1, mtime=0) if str(path).endswith(".gz") else open(path, "wb")) as stream:
        stream.write(raw)


def sample(image, index, component=0):
    """Trilinear interpolation at a continuous index; 0 outside the voxels."""
    values, (nx, ny, nz) = image.components[component], image.size
    for k in range(3):
        if not -0.5 <= index[k] < image.size[k] - 0.5:
            return 0.0
    low, part = [], []
    for k in range(3):
        v = min(max(index[k], 0.0), image.size[k] - 1.0)
        i = min(int(v), max(0, image.size[k] - 2))
        low.append(i)
        part.append(v - i)
    total = 0.0
    for dz in (0, 1):
        for dy in (0, 1):
            for dx in (0, 1):
                w = (part[0] if dx else 1 - part[0]) * (part[1] if dy else 1 - part[1]) * (part[2] if dz else 1 - part[2])
                if w:
                    total += w * values[low[0] + dx + nx * (low[1] + dy + ny * (low[2] + dz))]
    return total


def waves(size, rates, shift=0.0):
    """Voxels of sin(a x + shift) sin(b y) sin(c z + shift) with rates a, b, c in radians per voxel."""
    a, b, c = rates
    return [math.sin(a * x + shift) * math.sin(b * y) * math.sin(c * z + shift)
            for z in range(size[2]) for y in range(size[1]) for x in range(size[0])]


def write_wave_pair(folder, size, rates, shift):
    """fixed.nii and, shifted, moving.nii."""
    for name, by in (("fixed.nii", 0.0), ("moving.nii", shift)):
        write(folder / name, size, waves(size, rates, by), "f")
