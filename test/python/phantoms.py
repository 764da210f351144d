# SPDX-License-Identifier: Apache-2.0
"""Images for the tests in Python: Gaussian blobs with known positions, as arrays [z, y, x] and as ITK images on an oblique
grid."""
import itk
import numpy as np

SIZE = (34, 30, 28)  # x, y, z
SPACING = (1.5, 1.6, 1.4)
ORIGIN = (-20.0, 5.0, 3.0)
ANGLE = 0.3
DIRECTION = np.array([[np.cos(ANGLE), -np.sin(ANGLE), 0.0], [np.sin(ANGLE), np.cos(ANGLE), 0.0], [0.0, 0.0, 1.0]])

# Blobs by their continuous index and height.
CENTRES = [((12, 11, 13), 1.0), ((21, 17, 10), 0.7), ((17, 21, 19), 0.8), ((23, 9, 18), 0.5)]
WIDTH = 6.0  # mm
SHIFT = np.array([1.5, -1.2, 1.0])  # mm, LPS: from a fixed point to the moving point


def points():
    """Physical points of the grid, [z, y, x, component]."""
    z, y, x = np.meshgrid(*(np.arange(n, dtype=float) for n in reversed(SIZE)), indexing="ij")
    index = np.stack([x, y, z], axis=-1) * SPACING
    return index @ DIRECTION.T + ORIGIN


def blobs(shift=(0.0, 0.0, 0.0)):
    """Array of the blobs, moved by a physical vector."""
    grid = points()
    values = np.zeros(grid.shape[:3])
    for index, height in CENTRES:
        centre = DIRECTION @ (np.array(index) * SPACING) + ORIGIN + shift
        values += height * np.exp(-np.sum((grid - centre) ** 2, axis=-1) / (2 * WIDTH ** 2))
    return values.astype(np.float32)


def image(array):
    """The array as an ITK image on the oblique grid."""
    result = itk.image_from_array(np.ascontiguousarray(array))
    result.SetSpacing(SPACING)
    result.SetOrigin(ORIGIN)
    result.SetDirection(itk.matrix_from_array(DIRECTION))
    return result


def pair():
    return image(blobs()), image(blobs(SHIFT))


def registration(fixed=None, moving=None, **options):
    """A filter with these inputs (default: the pair of blobs), not yet run."""
    if fixed is None:
        fixed, moving = pair()
    return itk.DiffeomorphicGaussNewtonRegistrationFilter.New(fixed, moving, **options)
