# SPDX-License-Identifier: Apache-2.0
"""The filter in Python: ITK images and numpy arrays in and out."""
import unittest

import itk
import numpy as np

import phantoms

OFF = {"compute_inverse_displacement_field": False, "compute_velocity_field": False}


class Filter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fixed, cls.moving = phantoms.pair()
        cls.filter = phantoms.registration(cls.fixed, cls.moving)
        cls.filter.Update()
        cls.displacement = itk.array_from_image(cls.filter.GetDisplacementField())

    def test_finds_the_shift(self):
        """At the centre of each blob, where the images tell most, within a fifth of a voxel."""
        self.assertEqual(self.displacement.shape, tuple(reversed(phantoms.SIZE)) + (3,))
        self.assertEqual(self.displacement.dtype, np.float32)
        for (x, y, z), _ in phantoms.CENTRES:
            np.testing.assert_allclose(self.displacement[z, y, x], phantoms.SHIFT, atol=0.3)
        self.assertLess(self.filter.GetMismatch(), 0.2)

    def test_metrics_are_added_by_name(self):
        metric = itk.GaussNewtonRegistrationMetric
        registration = phantoms.registration(self.fixed, self.moving, **OFF)
        registration.ClearMetrics()
        registration.AddMetric(metric.Named("ssd"))
        registration.AddMetric(metric.Named("lncc"), 0.5)
        self.assertEqual(registration.GetSimilarity(), "ssd+0.5*lncc")
        with self.assertRaisesRegex(RuntimeError, "cross-correlation"):
            metric.Named("cross-correlation")

    def test_outputs_lie_on_the_grid_of_the_fixed_image(self):
        for output in (self.filter.GetDisplacementField(), self.filter.GetInverseDisplacementField(),
                       self.filter.GetVelocityField(), self.filter.GetWarpedMovingImage(),
                       self.filter.GetJacobianDeterminantImage()):
            np.testing.assert_allclose(tuple(output.GetSpacing()), phantoms.SPACING)
            np.testing.assert_allclose(tuple(output.GetOrigin()), phantoms.ORIGIN)
            np.testing.assert_allclose(itk.array_from_matrix(output.GetDirection()), phantoms.DIRECTION, atol=1e-12)

    def test_warped_image_is_that_of_itk(self):
        warped = itk.warp_image_filter(self.moving, displacement_field=self.filter.GetDisplacementField(),
                                       output_parameters_from_image=self.fixed)
        difference = itk.array_from_image(warped) - itk.array_from_image(self.filter.GetWarpedMovingImage())
        self.assertLess(np.abs(difference).max(), 1e-3 * np.ptp(itk.array_from_image(self.moving)))

    def test_determinant_is_that_of_the_displacement(self):
        determinant = itk.array_from_image(self.filter.GetJacobianDeterminantImage())
        self.assertAlmostEqual(determinant.min(), self.filter.GetMinimumJacobianDeterminant(), places=5)
        self.assertAlmostEqual(determinant.max(), self.filter.GetMaximumJacobianDeterminant(), places=5)
        # In numpy, inside the grid: by second-order central differences along the axes of the grid.
        gradient = np.stack([np.gradient(self.displacement, phantoms.SPACING[axis], axis=2 - axis) for axis in range(3)], -1)
        jacobian = np.eye(3) + gradient @ phantoms.DIRECTION.T  # d u_i / d x_j
        inside = (slice(1, -1),) * 3
        np.testing.assert_allclose(determinant[inside], np.linalg.det(jacobian)[inside], atol=1e-4)
        self.assertEqual(self.filter.GetNumberOfFoldedVoxels(), np.count_nonzero(determinant <= 0))

    def test_functional_form(self):
        """A tuple of all outputs, None for those that are switched off; the same numbers as the class."""
        displacement, inverse, velocity, warped, determinant = itk.diffeomorphic_gauss_newton_registration_filter(
            self.fixed, self.moving, **OFF)
        self.assertIsNone(inverse)
        self.assertIsNone(velocity)
        np.testing.assert_array_equal(itk.array_from_image(displacement), self.displacement)
        np.testing.assert_array_equal(itk.array_from_image(warped),
                                      itk.array_from_image(self.filter.GetWarpedMovingImage()))
        np.testing.assert_array_equal(itk.array_from_image(determinant),
                                      itk.array_from_image(self.filter.GetJacobianDeterminantImage()))

    def test_numpy_in_numpy_out(self):
        """Arrays lie on a grid of 1 mm, so the shift is in voxels."""
        moving = np.roll(phantoms.blobs(), (0, 1, -1), axis=(0, 1, 2))  # by +1 in y and -1 in x
        displacement, _, _, warped, _ = itk.diffeomorphic_gauss_newton_registration_filter(phantoms.blobs(), moving, **OFF)
        self.assertIsInstance(displacement, np.ndarray)
        self.assertEqual(displacement.shape, moving.shape + (3,))
        self.assertEqual(warped.shape, moving.shape)
        for (x, y, z), _ in phantoms.CENTRES:
            np.testing.assert_allclose(displacement[z, y, x], (-1, 1, 0), atol=0.2)

    def test_arrays_live_longer_than_the_filter(self):
        registration = phantoms.registration(number_of_iterations=1, **OFF)
        registration.Update()
        array = itk.array_from_image(registration.GetDisplacementField())
        copy = array.copy()
        del registration
        np.testing.assert_array_equal(array, copy)

    def test_mask(self):
        """What the mask leaves out has no influence."""
        spoilt = phantoms.blobs()
        mask = np.ones(spoilt.shape, np.uint8)
        hole = (slice(9, 17), slice(5, 13), slice(20, 27))
        mask[hole] = 0
        spoilt[hole] = 0.3
        # The scale of the intensities would change with the fixed image.
        none = itk.DiffeomorphicGaussNewtonRegistrationFilterEnums.IntensityNormalization__None
        fields = []
        for fixed in (phantoms.blobs(), spoilt):
            registration = phantoms.registration(phantoms.image(fixed), self.moving, fixed_image_mask=phantoms.image(mask),
                                                 intensity_normalization=none, **OFF)
            registration.Update()
            fields.append(itk.array_from_image(registration.GetDisplacementField()))
        self.assertLess(np.abs(fields[0] - fields[1]).max(), 1e-3)
        self.assertGreater(np.abs(fields[0] - self.displacement).max(), 1e-2, "the mask had no effect at all")

    def test_parameters_in_snake_case_and_enumerations(self):
        enums = itk.DiffeomorphicGaussNewtonRegistrationFilterEnums
        registration = phantoms.registration(beta=0.02, similarity="lncc+0.5*mind", device=enums.Device_CPU)
        self.assertEqual(registration.GetBeta(), 0.02)
        self.assertEqual(registration.GetSimilarity(), "lncc+0.5*mind")
        registration.SetParameter("regularization", "h2")
        self.assertEqual(registration.GetParameter("Regularization"), "h2")
        registration.SetPreset(enums.Preset_Accurate)
        self.assertNotEqual(registration.GetBeta(), 0.02)
        self.assertIn("Beta", str(registration))

    def test_memory_is_told_before(self):
        voxels = np.prod(phantoms.SIZE)
        self.assertGreater(phantoms.registration().EstimateRequiredMemory(), 4 * 4 * voxels)

    def test_start_from_a_velocity(self):
        """A solve that begins at its own result has little left to do."""
        registration = phantoms.registration(self.fixed, self.moving, **OFF)
        registration.SetInitialVelocityField(self.filter.GetVelocityField())
        registration.SetNumberOfLevels(1)
        registration.Update()
        self.assertLess(registration.GetElapsedIterations(), self.filter.GetElapsedIterations())
        self.assertLess(registration.GetMismatch(), 1.05 * self.filter.GetMismatch())


if __name__ == "__main__":
    unittest.main()
