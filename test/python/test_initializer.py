# SPDX-License-Identifier: Apache-2.0
"""The alignment of images that lie apart, and the registration that starts from it."""
import unittest

import itk
import numpy as np

import phantoms

METHODS = itk.GaussNewtonRegistrationInitializerEnums
FAR = np.array([70.0, -60.0, 50.0])  # mm: nothing overlaps


def turned(angle):
    """About the z axis."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def moved(image, rotation, shift):
    """The image with its grid turned and shifted: p -> R p + shift, without touching a voxel."""
    result = itk.image_from_array(itk.array_from_image(image))
    result.SetSpacing(image.GetSpacing())
    result.SetOrigin((rotation @ np.array(image.GetOrigin()) + shift).tolist())
    result.SetDirection(itk.matrix_from_array(rotation @ itk.array_from_matrix(image.GetDirection())))
    return result


def mapped(transform):
    """Where the centres of the blobs go."""
    grid = phantoms.points()
    return np.array([transform.TransformPoint(grid[z, y, x].tolist()) for (x, y, z), _ in phantoms.CENTRES])


def expected(rotation, shift):
    grid = phantoms.points()
    return np.array([rotation @ grid[z, y, x] + shift for (x, y, z), _ in phantoms.CENTRES])


class Initializer(unittest.TestCase):
    def align(self, fixed, moving, method):
        initializer = itk.GaussNewtonRegistrationInitializer.New(FixedImage=fixed, MovingImage=moving, Method=method)
        initializer.Update()
        return initializer

    def test_moments(self):
        """Exact: the same image, elsewhere."""
        fixed = phantoms.image(phantoms.blobs())
        transform = self.align(fixed, moved(fixed, np.eye(3), FAR), METHODS.Method_Moments).GetTransform()
        np.testing.assert_allclose(mapped(transform), expected(np.eye(3), FAR), atol=1e-3)
        self.assertEqual(transform.GetNameOfClass(), "TranslationTransform")

    def test_rigid_and_affine(self):
        """A rotation and a shift of the whole image, found to half a voxel: a start needs no more."""
        fixed = phantoms.image(phantoms.blobs())
        rotation = turned(0.35)
        moving = moved(fixed, rotation, FAR)
        for method in (METHODS.Method_Rigid, METHODS.Method_Affine):
            initializer = self.align(fixed, moving, method)
            np.testing.assert_allclose(mapped(initializer.GetTransform()), expected(rotation, FAR), atol=0.7)
            self.assertGreater(initializer.GetFinalMutualInformation(), initializer.GetInitialMutualInformation())

    def test_functional_form(self):
        fixed, moving = phantoms.pair()
        moving = moved(moving, np.eye(3), FAR)
        transform = itk.gauss_newton_registration_initializer(fixed_image=fixed, moving_image=moving,
                                                              method=METHODS.Method_Moments)
        same = self.align(fixed, moving, METHODS.Method_Moments).GetTransform()
        np.testing.assert_array_equal(mapped(transform), mapped(same))

    def test_start_of_a_registration(self):
        """By value, and as one pipeline."""
        fixed, moving = phantoms.pair()
        moving = moved(moving, np.eye(3), FAR)
        initializer = itk.GaussNewtonRegistrationInitializer.New(FixedImage=fixed, MovingImage=moving,
                                                                 Method=METHODS.Method_Moments)
        pipeline = phantoms.registration(fixed, moving)
        pipeline.SetInitialTransformInput(initializer.GetOutput())
        pipeline.Update()
        registration = phantoms.registration(fixed, moving)
        registration.SetInitialTransform(initializer.GetTransform())
        registration.Update()
        for whole in (pipeline.GetTransform(), registration.GetTransform()):
            np.testing.assert_allclose(mapped(whole), expected(np.eye(3), FAR + phantoms.SHIFT), atol=0.3)

    def test_errors(self):
        with self.assertRaisesRegex(RuntimeError, "FixedImage is required"):
            itk.GaussNewtonRegistrationInitializer.New().Update()
        with self.assertRaisesRegex(RuntimeError, "call Update"):
            itk.GaussNewtonRegistrationInitializer.New().GetTransform()
        flat = phantoms.image(np.ones_like(phantoms.blobs()))
        with self.assertRaisesRegex(RuntimeError, "MovingImage.*every voxel has the value 1"):
            self.align(phantoms.pair()[0], flat, METHODS.Method_Rigid)


if __name__ == "__main__":
    unittest.main()
