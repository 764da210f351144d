# SPDX-License-Identifier: Apache-2.0
"""Initial transforms: 4 x 4 matrices, affine transforms of ITK and SimpleITK, and ITK's text format."""
import numpy as np

from ._errors import InputError

_REMEDY = ("pass a 4 x 4 matrix of fixed to moving points (LPS, mm), what align() returns, or an affine transform of "
           "itk or SimpleITK: Euler, versor, similarity, affine, translation or a composite of these")


def matrix_of(transform):
    """4 x 4, fixed to moving points (LPS, mm)."""
    tops = {cls.__module__.split(".")[0] for cls in type(transform).__mro__}
    if tops & {"itk", "SimpleITK"} and hasattr(transform, "TransformPoint"):
        matrix = _evaluated(transform, "itk" in tops)
    else:
        try:
            matrix = np.array(transform, dtype=float)
        except (TypeError, ValueError):
            raise InputError("initial_transform: %s.%s is no transform; %s"
                             % (type(transform).__module__, type(transform).__name__, _REMEDY)) from None
    if matrix.shape != (4, 4):
        raise InputError("initial_transform has the shape %s; %s" % (matrix.shape, _REMEDY))
    if not np.isfinite(matrix).all() or (matrix[3] != (0.0, 0.0, 0.0, 1.0)).any():
        raise InputError("initial_transform: its numbers must be finite and its last row 0 0 0 1; " + _REMEDY)
    if np.linalg.cond(matrix[:3, :3]) > 1e8:
        raise InputError("initial_transform cannot be inverted: it maps the volume to less than a volume; " + _REMEDY)
    return matrix


def _evaluated(transform, is_itk):
    """The matrix of an affine transform from the images of four points: the same for every class of transform."""
    name = type(transform).__name__
    dimension = transform.GetInputSpaceDimension() if is_itk else transform.GetDimension()
    if dimension != 3:
        raise InputError("initial_transform: %s is for %d dimensions; %s" % (name, dimension, _REMEDY))
    if not transform.IsLinear():
        raise InputError("initial_transform: %s is not affine; %s. gnr-register --initial-transform takes "
                         "deformations, too" % (name, _REMEDY))
    length = 1024.0 # mm; a power of two, so that dividing by it rounds nothing
    origin, *ends = (np.array([float(v) for v in transform.TransformPoint([float(v) for v in point])])
                     for point in np.vstack([np.zeros(3), length * np.eye(3)]))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([end - origin for end in ends]).T / length
    matrix[:3, 3] = origin
    return matrix


def write(path, matrix):
    """A text file (.tfm) that ITK, SimpleITK, ANTs and 3D Slicer read."""
    numbers = [*matrix[:3, :3].ravel(), *matrix[:3, 3]]
    with open(path, "w", encoding="ascii") as file:
        file.write("#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\nParameters: %s\n"
                   "FixedParameters: 0 0 0\n" % " ".join(repr(float(v)) for v in numbers))
