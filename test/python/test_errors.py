# SPDX-License-Identifier: Apache-2.0
"""Every error arrives as RuntimeError with the text of ITK, which names the input and the remedy."""
import unittest

import itk
import numpy as np

import phantoms


class Errors(unittest.TestCase):
    def test_missing_input(self):
        registration = itk.DiffeomorphicGaussNewtonRegistrationFilter.New(phantoms.pair()[0])
        with self.assertRaisesRegex(RuntimeError, "MovingImage is required"):
            registration.Update()

    def test_image_that_cannot_be_used(self):
        spoilt = phantoms.blobs()
        spoilt[3, 4, 5] = np.nan
        for values, words in ((np.ones_like(spoilt), "every voxel has the value 1"), (spoilt, "NaN|nan|finite")):
            with self.assertRaisesRegex(RuntimeError, f"MovingImage.*({words})"):
                phantoms.registration(phantoms.pair()[0], phantoms.image(values)).Update()

    def test_mask_on_another_grid(self):
        mask = itk.image_from_array(np.ones((8, 8, 8), np.uint8))
        with self.assertRaisesRegex(RuntimeError, "FixedImageMask"):
            phantoms.registration(fixed_image_mask=mask).Update()

    def test_parameter_out_of_range(self):
        registration = phantoms.registration(beta=-1.0)
        with self.assertRaisesRegex(RuntimeError, "beta"):
            registration.Update()

    def test_results_before_the_run(self):
        registration = phantoms.registration()
        for ask in (registration.GetUsedBeta, registration.GetMetricValue, registration.GetStopConditionDescription,
                    registration.GetTransform):
            with self.assertRaises(RuntimeError):
                ask()

    def test_output_that_is_switched_off(self):
        registration = phantoms.registration(compute_velocity_field=False, number_of_iterations=0)
        registration.Update()
        with self.assertRaisesRegex(RuntimeError, "VelocityField"):
            registration.GetVelocityField()

    def test_two_dimensions(self):
        """Not wrapped at all: ITK's Python says which types there are."""
        flat = np.ones((16, 16), np.float32)
        with self.assertRaises(TypeError) as caught:
            itk.diffeomorphic_gauss_newton_registration_filter(flat, flat)
        self.assertTrue(str(caught.exception))

    def test_device_that_is_not_there(self):
        registration = phantoms.registration(device=itk.DiffeomorphicGaussNewtonRegistrationFilterEnums.Device_CUDA)
        try:
            registration.Update()
        except RuntimeError as error:
            self.assertRegex(str(error), "(?i)cuda")
        else:  # there is one
            self.assertLess(registration.GetMismatch(), 0.2)


if __name__ == "__main__":
    unittest.main()
