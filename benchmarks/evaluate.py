#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges a displacement field from the outside: nothing of this project is used, so every method is measured alike.

The field is a NIfTI vector image on the grid of the fixed image, in mm along the LPS axes: the fixed point x corresponds
to the moving point x + u(x). Images are interpolated linearly, labels by nearest neighbour, outside is 0. Prints JSON:

    residual     sqrt((1 - r^2) / (1 - r0^2)), r and r0 the correlation of the fixed with the warped and the unwarped moving
                 image: the mismatch after the best linear fit of intensities
    mismatch     ||warped - fixed|| / ||unwarped - fixed||, each image divided by its maximum
    dice         mean over the labels, and of their union; before and after
    determinant  det(I + grad u) inside the outermost layer of voxels, by central differences; folded: det <= 0

Needs numpy, scipy and nibabel (Debian: python3-scipy python3-nibabel)."""
import argparse
import json
import sys

import nibabel
import numpy
from scipy.ndimage import map_coordinates

SLAB = 16  # planes that are treated together, so that memory stays small


class BadInput(Exception):
    pass


def load(path):
    """Affine (index to RAS mm) and voxels; vector images with their components last."""
    try:
        image = nibabel.load(path)
        return image.affine, numpy.squeeze(numpy.asanyarray(image.dataobj))
    except (OSError, nibabel.filebasedimages.ImageFileError) as error:
        raise BadInput(f"{path}: cannot be read ({error})") from error


def load_displacement(path, fixed_affine, fixed_shape):
    """Vectors in mm along the RAS axes."""
    affine, u = load(path)
    if u.shape != (*fixed_shape, 3):
        raise BadInput(f"{path}: has the shape {u.shape}, not {(*fixed_shape, 3)}. Give a displacement on the fixed grid")
    if not numpy.allclose(affine, fixed_affine, atol=1e-3):
        raise BadInput(f"{path}: lies elsewhere than the fixed image. Give a displacement on the fixed grid")
    if not numpy.all(numpy.isfinite(u)):
        raise BadInput(f"{path}: holds values that are not finite")
    return u * numpy.array([-1, -1, 1], u.dtype)


def slabs(planes):
    return [slice(begin, min(begin + SLAB, planes)) for begin in range(0, planes, SLAB)]


def moving_indices(fixed_affine, moving_affine, shape, planes, u=None):
    """Where the fixed voxels of a slab lie in the moving image, displaced by u or not: 3 arrays of indices."""
    grid = numpy.stack(numpy.meshgrid(*map(numpy.arange, shape[:2]), numpy.arange(planes.start, planes.stop), indexing="ij"))
    points = numpy.einsum("rc,cxyz->rxyz", fixed_affine[:3, :3], grid) + fixed_affine[:3, 3, None, None, None]
    if u is not None:
        points += numpy.moveaxis(u[:, :, planes], -1, 0)
    inverse = numpy.linalg.inv(moving_affine)
    return numpy.einsum("rc,cxyz->rxyz", inverse[:3, :3], points) + inverse[:3, 3, None, None, None]


def resample(moving_affine, moving, fixed_affine, shape, u, order):
    """The moving image on the fixed grid."""
    source = moving if order == 0 else numpy.asarray(moving, numpy.float64)
    out = numpy.empty(shape, source.dtype)
    for planes in slabs(shape[2]):
        indices = moving_indices(fixed_affine, moving_affine, shape, planes, u)
        out[:, :, planes] = map_coordinates(source, indices, order=order, mode="constant")
    return out


def determinants(u, affine):
    """det(I + grad u) of the inner voxels."""
    inverse = numpy.linalg.inv(affine[:3, :3])
    out = numpy.empty([n - 2 for n in u.shape[:3]])
    for planes in slabs(out.shape[2]):
        part = numpy.asarray(u[:, :, planes.start:planes.stop + 2], numpy.float64)
        along_index = numpy.stack([
            part[2:, 1:-1, 1:-1] - part[:-2, 1:-1, 1:-1],
            part[1:-1, 2:, 1:-1] - part[1:-1, :-2, 1:-1],
            part[1:-1, 1:-1, 2:] - part[1:-1, 1:-1, :-2]], -1) / 2.0
        out[:, :, planes] = numpy.linalg.det(numpy.eye(3) + along_index @ inverse)
    return out


def dice(a, b, labels):
    """(mean over the labels that occur, union of all)"""
    each = []
    for label in labels:
        x, y = a == label, b == label
        if x.any() or y.any():
            each.append(2.0 * numpy.count_nonzero(x & y) / (numpy.count_nonzero(x) + numpy.count_nonzero(y)))
    if not each:
        raise BadInput("--labels: none of them occurs in the segmentations")
    x, y = numpy.isin(a, labels), numpy.isin(b, labels)
    return float(numpy.mean(each)), 2.0 * numpy.count_nonzero(x & y) / (numpy.count_nonzero(x) + numpy.count_nonzero(y))


def evaluate(fixed_path, moving_path, displacement_path, fixed_labels=None, moving_labels=None, labels=None):
    """Everything that the head of this file lists. `labels`: which to judge, or all but 0 that both segmentations have."""
    fixed_affine, fixed = load(fixed_path)
    moving_affine, moving = load(moving_path)
    u = load_displacement(displacement_path, fixed_affine, fixed.shape)
    fixed = numpy.asarray(fixed, numpy.float64)
    before = resample(moving_affine, moving, fixed_affine, fixed.shape, None, 1)
    after = resample(moving_affine, moving, fixed_affine, fixed.shape, u, 1)

    def distance(image):
        return numpy.linalg.norm(image / moving.max() - fixed / fixed.max())

    def correlation(image):
        return float(numpy.corrcoef(image.ravel(), fixed.ravel())[0, 1])

    r0, r = correlation(before), correlation(after)
    det = determinants(u, fixed_affine)
    result = {
        "residual": float(numpy.sqrt((1.0 - r * r) / (1.0 - r0 * r0))),
        "mismatch": float(distance(after) / distance(before)),
        "correlation": {"before": r0, "after": r},
        "determinant": {
            "minimum": float(det.min()), "maximum": float(det.max()), "mean": float(det.mean()),
            "percentile1": float(numpy.percentile(det, 1)), "percentile99": float(numpy.percentile(det, 99)),
            "foldedVoxels": int(numpy.count_nonzero(det <= 0)), "foldedShare": float(numpy.mean(det <= 0))},
        "maximumDisplacementMm": float(numpy.sqrt(numpy.max(numpy.einsum("xyzc,xyzc->xyz", u, u, dtype=numpy.float64)))),
    }
    if fixed_labels:
        a = load(fixed_labels)[1]
        segmentation_affine, b = load(moving_labels)
        if labels is None:
            labels = sorted((set(numpy.unique(a)) & set(numpy.unique(b))) - {0})
        result["dice"] = {}
        for when, field in (("Before", None), ("", u)):
            warped = resample(segmentation_affine, b, fixed_affine, fixed.shape, field, 0)
            result["dice"]["mean" + when], result["dice"]["union" + when] = dice(a, warped, labels)
    return result


def label_range(text):
    try:
        first, last = map(int, text.split("-"))
        return list(range(first, last + 1))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be FIRST-LAST, e.g. 1-32, not '{text}'")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fixed")
    parser.add_argument("moving")
    parser.add_argument("displacement")
    parser.add_argument("--fixed-labels", help="segmentation on the grid of the fixed image")
    parser.add_argument("--moving-labels", help="segmentation of the moving image")
    parser.add_argument("--labels", type=label_range, help="FIRST-LAST [default: all but 0 that both segmentations have]")
    a = parser.parse_args()
    if bool(a.fixed_labels) != bool(a.moving_labels):
        parser.error("--fixed-labels, --moving-labels: one is missing. Give both")
    try:
        print(json.dumps(evaluate(a.fixed, a.moving, a.displacement, a.fixed_labels, a.moving_labels, a.labels), indent=2))
    except BadInput as error:
        sys.exit(f"evaluate.py: error: {error}")


if __name__ == "__main__":
    main()
