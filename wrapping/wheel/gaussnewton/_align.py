# SPDX-License-Identifier: Apache-2.0
"""Rough alignment of images that lie apart: centres of mass with numpy, rigid and affine with SimpleITK."""
import itertools

import numpy as np

from ._errors import InputError, NumericalError
from ._images import read
from ._registration import _float_volume, _weight

_LONGEST = 96 # samples along the longest edge of the images that are compared
_SAMPLES = 20000 # drawn of each image
_ANGLES = (20, 40) # degrees of the rotations that are tried first


def align(fixed, moving, method="affine", fixed_mask=None, moving_mask=None, *, spacing=None):
    """A rough alignment of two images that lie apart, for register(fixed, moving, initial_transform=...).

    fixed, moving: as for register(), on any grids.
    method: "moments": the translation between the centres of mass, of the intensities above the 0.5th percentile and at
        most the 99.5th. "rigid", "affine": largest mutual information, by SimpleITK, which has to be installed; the
        images need no similar contrast.
    fixed_mask, moving_mask: images of the shape of theirs; only where they are not 0 the images count ("moments": if
        both are given).
    spacing: mm along x, y, z for plain numpy arrays; 1 unless given.

    Returns a 4 x 4 matrix, fixed to moving points, mm along LPS axes (of plain arrays x, y, z). Samples are drawn with
    a fixed seed and summed in one order: the same images give the same matrix. Raises InputError, also where SimpleITK
    is missing, and NumericalError if no alignment is found.
    """
    if method not in ("moments", "rigid", "affine"):
        raise InputError("method: there is no %r; take moments, rigid or affine" % (method,))
    images, weights = [], []
    for image, mask, name in ((fixed, fixed_mask, "fixed"), (moving, moving_mask, "moving")):
        volume = read(image, spacing if isinstance(image, np.ndarray) else None)[0]
        values = _float_volume(volume, name)
        if values.min() == values.max():
            raise InputError(name + ": all voxels have the same intensity; there is nothing to align")
        images.append(volume.like(values))
        weights.append(_weight(mask, volume, name + "_mask"))
    if method != "moments":
        return _by_mutual_information(images, weights, method)
    both = all(weight is not None for weight in weights) # inside one mask alone lies the centre of another thing
    fixed_centre, moving_centre = (_moments(image, weight if both else None)[0]
                                   for image, weight in zip(images, weights))
    return _translation(moving_centre - fixed_centre)


def _translation(vector):
    matrix = np.eye(4)
    matrix[:3, 3] = vector
    return matrix


def _moments(image, weight):
    """The centre of mass (LPS mm), and the mean squares of the distance from it along the LPS axes (mm^2), nearly:
    products of two grid axes are left out."""
    counted = image.array if weight is None else image.array[weight > 0]
    low, high = np.percentile(counted, (0.5, 99.5))
    if not high > low: # a few bright voxels
        low, high = counted.min(), counted.max()
    mass = np.clip(image.array.astype(np.float64) - low, 0.0, high - low)
    if weight is not None:
        mass *= weight
    total = mass.sum()
    if not total > 0:
        raise InputError("the image has one intensity inside its mask; there is nothing to align")
    planes = [mass.sum(axis=tuple(a for a in range(3) if a != axis)) for axis in (2, 1, 0)] # x, y, z
    index = [float((plane * np.arange(plane.size)).sum() / total) for plane in planes]
    squares = [float((plane * (np.arange(plane.size) - i) ** 2).sum() / total) for plane, i in zip(planes, index)]
    matrix = image.index_to_point()
    return (matrix @ [*index, 1.0])[:3], matrix[:3, :3] ** 2 @ squares


def _simpleitk():
    try:
        import SimpleITK
    except ImportError:
        raise InputError('align: "rigid" and "affine" need SimpleITK: pip install SimpleITK. method="moments" needs '
                         "nothing else") from None
    return SimpleITK


def _reduced(sitk, image, longest):
    """A SimpleITK image of at most about `longest` samples along its longest edge, its voxels nearly cubes."""
    made = sitk.GetImageFromArray(np.ascontiguousarray(image.array, dtype=np.float32))
    made.SetSpacing(image.spacing)
    made.SetOrigin(image.origin)
    made.SetDirection([float(d) for d in image.direction.ravel()])
    edge = max(n * s for n, s in zip(image.size, image.spacing)) / longest
    factors = [max(1, min(n // 4, int(edge / s + 0.5))) for n, s in zip(image.size, image.spacing)]
    return sitk.BinShrink(made, factors) if max(factors) > 1 else made


def _method(sitk, masks, count, samples):
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(min(1.0, samples / count), 1) # the seed: 1
    method.SetInterpolator(sitk.sitkLinear)
    method.SetNumberOfWorkUnits(1) # more would add up in another order on another machine
    for mask, put in zip(masks, (method.SetMetricFixedMask, method.SetMetricMovingMask)):
        if mask is not None:
            put(mask > 0.5)
    return method


def _starts(images, weights):
    """Centre of rotation and translation: the centres of mass, those of the grids, no shift."""
    masses = [_moments(image, weight)[0] for image, weight in zip(images, weights)]
    middles = [(image.index_to_point() @ [*((np.array(image.size) - 1) / 2.0), 1.0])[:3] for image in images]
    for a, b in (masses, middles, (masses[0], masses[0])):
        yield a, b - a


def _best_start(sitk, images, weights):
    """The Euler transform of the largest mutual information among those starts, each with some rotations."""
    fixed, moving = (_reduced(sitk, image, 32) for image in images)
    masks = [None if w is None else _reduced(sitk, i.like(w), 32) for i, w in zip(images, weights)]
    method = _method(sitk, masks, fixed.GetNumberOfPixels(), 8000)
    rotations = [(0.0, 0.0, 0.0)]
    for axis, degrees, sign in itertools.product(range(3), _ANGLES, (1, -1)):
        rotations.append(tuple(sign * np.radians(degrees) * (a == axis) for a in range(3)))
    best = None
    for centre, shift in _starts(images, weights):
        for angles in rotations:
            start = sitk.Euler3DTransform([float(c) for c in centre], *(float(a) for a in angles),
                                          [float(s) for s in shift])
            method.SetInitialTransform(start)
            try:
                value = method.MetricEvaluate(fixed, moving)
            except RuntimeError: # the images do not meet there
                continue
            if best is None or value < best[0]:
                best = value, start
    if best is None:
        raise NumericalError('align: the images meet nowhere inside the masks; pass larger masks or method="moments"')
    return best[1]


def _by_mutual_information(images, weights, method):
    sitk = _simpleitk()
    found = _best_start(sitk, images, weights)
    fixed, moving = (_reduced(sitk, image, _LONGEST) for image in images)
    masks = [None if w is None else _reduced(sitk, i.like(w), _LONGEST) for i, w in zip(images, weights)]
    factors = [f for f in (4, 2, 1) if f == 1 or min(fixed.GetSize()) // f >= 8]
    voxel = max(fixed.GetSpacing())
    x, y, z = np.maximum(_moments(images[0], weights[0])[1], voxel ** 2)
    # A step of one unit moves the object by about a millimetre, whatever it turns or stretches.
    scales = {"rigid": [y + z, x + z, x + y, 1.0, 1.0, 1.0], "affine": [x, y, z] * 3 + [1.0] * 3}
    try:
        for kind in ("rigid", "affine")[:1 if method == "rigid" else 2]:
            if kind == "affine":
                rigid, found = found, sitk.AffineTransform(3)
                found.SetCenter(rigid.GetCenter())
                found.SetMatrix(rigid.GetMatrix())
                found.SetTranslation(rigid.GetTranslation())
            run = _method(sitk, masks, fixed.GetNumberOfPixels(), _SAMPLES)
            run.SetMetricSamplingPercentagePerLevel(
                [min(1.0, _SAMPLES * f ** 3 / fixed.GetNumberOfPixels()) for f in factors], 1)
            run.SetShrinkFactorsPerLevel(factors)
            run.SetSmoothingSigmasPerLevel([0.5 * f if f > 1 else 0.0 for f in factors])
            run.SmoothingSigmasAreSpecifiedInPhysicalUnitsOff()
            run.SetOptimizerScales([float(v) for v in scales[kind]])
            run.SetOptimizerAsRegularStepGradientDescent(
                learningRate=voxel, minStep=0.002 * voxel, numberOfIterations=300, relaxationFactor=0.85,
                gradientMagnitudeTolerance=1e-8)
            run.SetInitialTransform(found, inPlace=True)
            run.Execute(fixed, moving)
    except RuntimeError as error:
        raise NumericalError('align: SimpleITK has found no alignment (%s); pass masks of what both images show, or '
                             'method="moments"' % str(error).strip().splitlines()[-1]) from None
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(found.GetMatrix(), (3, 3))
    matrix[:3, 3] = found.TransformPoint((0.0, 0.0, 0.0))
    return matrix
