# SPDX-License-Identifier: Apache-2.0
"""align(): a phantom that is put where a known map says."""
import sys
import unittest
from unittest import mock

import numpy as np

import gaussnewton
from gaussnewton import Image

from test_transform import about, points, turn

# Ellipsoids: centre (mm), half axes (mm), and the tissue inside; nothing about them is symmetric.
PARTS = [((0.0, 0.0, 0.0), (26.0, 32.0, 22.0), 1), ((-8.0, -10.0, 4.0), (10.0, 12.0, 9.0), 2),
         ((11.0, 8.0, -3.0), (8.0, 14.0, 10.0), 3), ((2.0, 16.0, 9.0), (6.0, 5.0, 7.0), 4),
         ((6.0, -18.0, -8.0), (7.0, 6.0, 5.0), 4)]
CORNERS = np.array([[x, y, z] for x in (-26.0, 26.0) for y in (-32.0, 32.0) for z in (-22.0, 22.0)])
ONE, OTHER = np.array([0.0, 60.0, 100.0, 30.0, 80.0]), np.array([5.0, 90.0, 20.0, 110.0, 60.0]) # tissue to intensity


def tissue(place):
    found = np.zeros(place.shape[:-1], dtype=int)
    for centre, half, label in PARTS:
        found[(((place - centre) / half) ** 2).sum(axis=-1) < 1.0] = label
    return found


def blurred(array, noise=2.0):
    """Half a voxel of partial volume, and noise."""
    for axis in range(3):
        array = 0.25 * np.roll(array, 1, axis) + 0.5 * array + 0.25 * np.roll(array, -1, axis)
    return (array + np.random.default_rng(1).normal(0.0, noise, array.shape)).astype(np.float32)


def pair(transform, contrast=OTHER, noise=2.0):
    """The phantom, and the phantom moved by `transform` on a grid of its own; both have 1.5 mm at most."""
    fixed = Image(np.zeros((44, 52, 48)), (1.5, 1.5, 1.5), (-35.0, -38.0, -32.0))
    fixed.array = blurred(ONE[tissue(points(fixed))], noise)
    moving = Image(np.zeros((60, 64, 60)), (1.4, 1.5, 1.3), (0.0, 0.0, 0.0), turn((1, 0, 1), 0.2))
    moving.origin = tuple(transform[:3, 3] + [3.0, -2.0, 1.0] - moving.index_to_point()[:3, :3] @ [29.5, 31.5, 29.5])
    back = np.linalg.inv(transform)
    moving.array = blurred(contrast[tissue(points(moving) @ back[:3, :3].T + back[:3, 3])], noise)
    return fixed, moving


def farthest(found, transform):
    """mm, over the corners of the box round the phantom."""
    return np.linalg.norm(CORNERS @ (found - transform)[:3, :3].T + (found - transform)[:3, 3], axis=1).max()


class Known(unittest.TestCase):
    def test_rigid_of_different_contrast(self):
        for angle, shift in ((0.25, (8.0, -5.0, 6.0)), (0.6, (-40.0, 30.0, 70.0))):
            transform = about(turn((1, -2, 3), angle), np.zeros(3), shift)
            fixed, moving = pair(transform)
            with self.subTest(angle):
                found = gaussnewton.align(fixed, moving, "rigid")
                self.assertLess(farthest(found, transform), 0.5 * 1.5)
                rotation = found[:3, :3]
                self.assertLess(np.abs(rotation @ rotation.T - np.eye(3)).max(), 1e-9)
                self.assertTrue((found == gaussnewton.align(fixed, moving, "rigid")).all())

    def test_affine_of_different_contrast(self):
        stretch = np.array([[1.08, 0.04, 0.0], [0.0, 0.94, 0.03], [-0.03, 0.0, 1.05]])
        transform = about(turn((2, 1, -1), 0.2) @ stretch, np.zeros(3), (5.0, 4.0, -7.0))
        found = gaussnewton.align(*pair(transform), "affine")
        self.assertLess(farthest(found, transform), 1.5)

    def test_masks_hide_what_moves_otherwise(self):
        # A bright rod outside of the object, which lies elsewhere in the moving image.
        transform = about(turn((0, 1, 0), 0.15), np.zeros(3), (4.0, 0.0, -3.0))
        fixed, moving = pair(transform)
        masks = [tissue(points(fixed)) > 0]
        back = np.linalg.inv(transform)
        masks.append(tissue(points(moving) @ back[:3, :3].T + back[:3, 3]) > 0)
        for image, mask, place in ((fixed, masks[0], np.s_[:, :6]), (moving, masks[1], np.s_[:, -8:])):
            rod = np.zeros(mask.shape, dtype=bool)
            rod[place] = True
            image.array[rod & ~mask] = 400.0
        found = gaussnewton.align(fixed, moving, "rigid", *(m.astype(np.uint8) for m in masks))
        self.assertLess(farthest(found, transform), 1.5)

    def test_moments_of_one_contrast(self):
        # Mass moves with the object: a translation is found to a fraction of a voxel.
        transform = about(np.eye(3), np.zeros(3), (7.3, -4.1, 12.9))
        found = gaussnewton.align(*pair(transform, ONE, 0.0), "moments")
        self.assertTrue((found[:3, :3] == np.eye(3)).all())
        self.assertLess(farthest(found, transform), 0.5 * 1.5)
        # By whole voxels it is exact: one voxel of 3 mm, spacing (1, 2, 3), at other places of one grid.
        a, b = np.zeros((9, 10, 11)), np.zeros((9, 10, 11))
        a[2, 3, 4] = b[5, 4, 8] = 1.0
        found = gaussnewton.align(a, b, "moments", spacing=(1.0, 2.0, 3.0))
        self.assertLess(np.abs(found[:3, 3] - [4.0, 2.0, 9.0]).max(), 1e-12)
        # With both masks what lies outside of them counts no longer.
        b[0, 0, 0] = 1.0
        masks = [np.ones(a.shape), np.ones(a.shape)]
        masks[1][0] = 0.0
        found = gaussnewton.align(a, b, "moments", *masks)
        self.assertLess(np.abs(found[:3, 3] - [4.0, 1.0, 3.0]).max(), 1e-12)

    def test_then_register(self):
        transform = about(turn((0, 0, 1), 0.3), np.zeros(3), (30.0, 0.0, 0.0))
        fixed, moving = pair(transform, ONE)
        found = gaussnewton.align(fixed, moving, "rigid")
        result = gaussnewton.register(fixed, moving, initial_transform=found, preset="fast")
        inside = tissue(points(fixed)) > 0
        place = (points(fixed) + result.displacement.array)[inside] @ found[:3, :3].T + found[:3, 3]
        truth = points(fixed)[inside] @ transform[:3, :3].T + transform[:3, 3]
        self.assertLess(np.linalg.norm(place - truth, axis=1).mean(), 0.5 * 1.5)


class Errors(unittest.TestCase):
    def test_without_simpleitk(self):
        fixed, moving = pair(np.eye(4))
        with mock.patch.dict(sys.modules, {"SimpleITK": None}):
            with self.assertRaisesRegex(gaussnewton.InputError, "pip install SimpleITK"):
                gaussnewton.align(fixed, moving)
            gaussnewton.align(fixed, moving, "moments")

    def test_inputs(self):
        fixed, moving = pair(np.eye(4))
        cases = [(dict(method="elastic"), "elastic"),
                 (dict(fixed_mask=np.zeros(fixed.array.shape)), "fixed_mask.*empty"),
                 (dict(moving_mask=np.ones((3, 3, 3))), "moving_mask.*shape")]
        for settings, words in cases:
            with self.subTest(words), self.assertRaisesRegex(gaussnewton.InputError, words):
                gaussnewton.align(fixed, moving, **settings)
        with self.assertRaisesRegex(gaussnewton.InputError, "moving.*same intensity"):
            gaussnewton.align(fixed, moving.like(0 * moving.array))


if __name__ == "__main__":
    unittest.main()
