# SPDX-License-Identifier: Apache-2.0
"""Images of numpy, ITK, SimpleITK and nibabel as one class, and back. None of the libraries is imported unless one of
its images is passed."""
import sys

import numpy as np

from ._errors import InputError


class Image:
    """A volume with its place in space.

    array: [z, y, x] for scalars, [z, y, x, 3] for vectors (mm, LPS axes).
    spacing: mm between voxels along x, y, z. origin: LPS position (mm) of voxel [0, 0, 0].
    direction: 3 x 3, column a is the LPS direction of voxel axis a (x, y, z).
    """

    def __init__(self, array, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), direction=None):
        self.array = np.asarray(array)
        self.spacing = tuple(float(s) for s in spacing)
        self.origin = tuple(float(o) for o in origin)
        self.direction = np.eye(3) if direction is None else np.array(direction, dtype=float).reshape(3, 3)
        if len(self.spacing) != 3 or not all(s > 0 and np.isfinite(s) for s in self.spacing):
            raise InputError("spacing must be three numbers > 0 (mm along x, y, z), not %r" % (spacing,))

    @property
    def size(self):
        """Voxels along x, y, z."""
        return tuple(int(n) for n in self.array.shape[2::-1])

    def index_to_point(self):
        """4 x 4: continuous index (x, y, z) to LPS millimetres."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.direction * np.array(self.spacing)
        matrix[:3, 3] = self.origin
        return matrix

    def like(self, array):
        """Another array in the same place."""
        return Image(array, self.spacing, self.origin, self.direction)

    def __repr__(self):
        return "Image(shape=%s, dtype=%s, spacing=%s, origin=%s)" % (
            self.array.shape, self.array.dtype, self.spacing, self.origin)


def same_grid(a, b):
    """Same size, every corner at the same place within 1e-4 voxel, as the ITK filter has it."""
    if a.size != b.size:
        return False
    corners = np.array([[x, y, z, 1.0] for x in (0, a.size[0] - 1) for y in (0, a.size[1] - 1)
                        for z in (0, a.size[2] - 1)]).T
    there = np.linalg.solve(a.index_to_point(), b.index_to_point() @ corners)
    return float(np.linalg.norm((there - corners)[:3], axis=0).max()) < 1e-4


def _kind(image):
    if isinstance(image, Image):
        return "image"
    if isinstance(image, np.ndarray):
        return "numpy"
    for cls in type(image).__mro__:
        top = cls.__module__.split(".")[0]
        if top in ("itk", "SimpleITK", "nibabel"):
            return top
    raise InputError("%s.%s is no image that gaussnewton knows: pass a numpy array, gaussnewton.Image, itk.Image, "
                     "SimpleITK.Image or an image of nibabel" % (type(image).__module__, type(image).__name__))


def read(image, spacing=None):
    """(Image, function that makes the caller's type of an Image)."""
    kind = _kind(image)
    if spacing is not None and kind != "numpy":
        raise InputError("spacing is for plain numpy arrays; %s images bring their own" % kind)
    result, back = _READERS[kind](image)
    if spacing is not None:
        result = Image(result.array, spacing)
    if result.array.ndim != 3:
        raise InputError("the image has %d dimensions (shape %s); three are needed"
                         % (result.array.ndim, result.array.shape))
    return result, back


def _read_itk(image):
    itk = sys.modules["itk"]
    result = Image(itk.array_from_image(image), tuple(image.GetSpacing()), tuple(image.GetOrigin()),
                   itk.array_from_matrix(image.GetDirection()))

    def back(made):
        array = np.ascontiguousarray(made.array)
        kind = itk.Image[itk.Vector[itk.F, 3], 3] if array.ndim == 4 else None
        out = itk.image_from_array(array, ttype=kind) if kind else itk.image_from_array(array)
        out.SetSpacing(made.spacing)
        out.SetOrigin(made.origin)
        out.SetDirection(itk.matrix_from_array(made.direction))
        return out

    return result, back


def _read_simpleitk(image):
    sitk = sys.modules["SimpleITK"]
    result = Image(sitk.GetArrayFromImage(image), image.GetSpacing(), image.GetOrigin(), image.GetDirection())

    def back(made):
        out = sitk.GetImageFromArray(made.array, isVector=made.array.ndim == 4)
        out.SetSpacing(made.spacing)
        out.SetOrigin(made.origin)
        out.SetDirection([float(d) for d in made.direction.ravel()])
        return out

    return result, back


def _read_nibabel(image):
    to_lps = np.diag([-1.0, -1.0, 1.0])
    affine = np.asarray(image.affine, dtype=float)
    columns = to_lps @ affine[:3, :3]
    spacing = np.linalg.norm(columns, axis=0)
    array = np.asanyarray(image.dataobj)
    while array.ndim > 3 and array.shape[-1] == 1:
        array = array[..., 0]
    result = Image(array.T, spacing, to_lps @ affine[:3, 3], columns / spacing)

    def back(made):
        nibabel = sys.modules["nibabel"]
        array = made.array
        if array.ndim == 4: # vectors along the fifth axis, as NIfTI has it
            out = nibabel.Nifti1Image(array.transpose(2, 1, 0, 3)[:, :, :, None, :], affine)
            out.header.set_intent("vector")
        else:
            out = nibabel.Nifti1Image(array.T, affine)
        out.header.set_xyzt_units("mm")
        return out

    return result, back


_READERS = {
    "image": lambda image: (image, lambda made: made),
    "numpy": lambda image: (Image(image), lambda made: made.array),
    "itk": _read_itk,
    "SimpleITK": _read_simpleitk,
    "nibabel": _read_nibabel,
}
