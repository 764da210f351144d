# SPDX-License-Identifier: Apache-2.0
"""Writes NIfTI-1 files (.nii.gz) as the command line does, without another library."""
import gzip
import struct

import numpy as np

_VECTOR_INTENT = 1007


def _quaternion(rotation):
    """b, c, d of a rotation matrix, as NIfTI stores it."""
    r = rotation
    a = 0.5 * np.sqrt(max(0.0, 1.0 + np.trace(r)))
    if a > 0.01:
        return [(r[2, 1] - r[1, 2]) / (4 * a), (r[0, 2] - r[2, 0]) / (4 * a), (r[1, 0] - r[0, 1]) / (4 * a)]
    squares = np.maximum(0.0, [1 + r[0, 0] - r[1, 1] - r[2, 2], 1 + r[1, 1] - r[0, 0] - r[2, 2],
                               1 + r[2, 2] - r[0, 0] - r[1, 1]])
    k = int(np.argmax(squares))
    q = np.zeros(3)
    q[k] = 0.5 * np.sqrt(squares[k])
    for j in range(3):
        if j != k:
            q[j] = (r[k, j] + r[j, k]) / (4 * q[k])
    signed = [r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]][k]
    return list(-q if signed < 0 else q)


def write(path, image):
    """A float32 Image: scalars [z, y, x], or vectors [z, y, x, 3] with their components along the fifth axis."""
    array = np.ascontiguousarray(image.array, dtype="<f4")
    is_vector = array.ndim == 4
    nx, ny, nz = image.size
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.index_to_point() # LPS to NIfTI's RAS
    rotation = affine[:3, :3] / np.array(image.spacing)
    handedness = 1.0 if np.linalg.det(rotation) > 0 else -1.0
    proper = rotation * np.array([1.0, 1.0, handedness])
    dimensions = [5, nx, ny, nz, 1, 3, 1, 1] if is_vector else [3, nx, ny, nz, 1, 1, 1, 1]
    header = struct.pack("<i10s18sihcB8h3f4h8f3fhcB4f2i80s24s2h6f4f4f4f16s4s4s",
                         348, b"", b"", 0, 0, b"r", 0, *dimensions, 0.0, 0.0, 0.0,
                         _VECTOR_INTENT if is_vector else 0, 16, 32, 0,
                         handedness, *image.spacing, 0.0, 1.0, 1.0, 1.0,
                         352.0, 1.0, 0.0, 0, b"\0", 2, 0.0, 0.0, 0.0, 0.0, 0, 0, b"", b"",
                         1, 1, *_quaternion(proper), *affine[:3, 3], *affine[0], *affine[1], *affine[2],
                         b"", b"n+1\0", b"")
    data = np.moveaxis(array, 3, 0) if is_vector else array
    with gzip.open(path, "wb", compresslevel=4) as file:
        file.write(header)
        file.write(np.ascontiguousarray(data).tobytes())
