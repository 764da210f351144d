# SPDX-License-Identifier: Apache-2.0
"""Transforms in and out: with ITK's resampling, its points, and its files."""
import tempfile
import unittest
from pathlib import Path

import itk
import numpy as np

import phantoms


def resample(image, transform, reference):
    return itk.array_from_image(itk.resample_image_filter(image, transform=transform, use_reference_image=True,
                                                          reference_image=reference))


class Transforms(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fixed, cls.moving = phantoms.pair()
        cls.filter = phantoms.registration(cls.fixed, cls.moving)
        cls.filter.Update()
        cls.warped = itk.array_from_image(cls.filter.GetWarpedMovingImage())
        cls.tolerance = 1e-3 * np.ptp(itk.array_from_image(cls.moving))

    def test_resampling_by_the_whole_map(self):
        warped = resample(self.moving, self.filter.GetTransform(), self.fixed)
        self.assertLess(np.abs(warped - self.warped).max(), self.tolerance)

    def test_points(self):
        """A voxel's centre goes where its displacement says."""
        transform = self.filter.GetTransform()
        displacement = itk.array_from_image(self.filter.GetDisplacementField())
        grid = phantoms.points()
        for (x, y, z), _ in phantoms.CENTRES:
            there = np.array(transform.TransformPoint(grid[z, y, x].tolist()))
            np.testing.assert_allclose(there, grid[z, y, x] + displacement[z, y, x], atol=1e-4)

    def test_single_precision_without_a_copy(self):
        transform = itk.DisplacementFieldTransform[itk.F, 3].New()
        transform.SetDisplacementField(self.filter.GetDisplacementField())
        whole = self.filter.GetTransform()
        for (x, y, z), _ in phantoms.CENTRES:
            point = phantoms.points()[z, y, x].tolist()
            np.testing.assert_allclose(transform.TransformPoint(point), whole.TransformPoint(point), atol=1e-4)

    def test_inverse(self):
        """There and back, within a twentieth of a voxel."""
        forward = itk.DisplacementFieldTransform[itk.F, 3].New()
        forward.SetDisplacementField(self.filter.GetDisplacementField())
        backward = itk.DisplacementFieldTransform[itk.F, 3].New()
        backward.SetDisplacementField(self.filter.GetInverseDisplacementField())
        for (x, y, z), _ in phantoms.CENTRES:
            start = phantoms.points()[z, y, x]
            end = backward.TransformPoint(forward.TransformPoint(start.tolist()))
            np.testing.assert_allclose(np.array(end), start, atol=0.07)

    def test_initial_transform(self):
        """The map is x -> T(x + u(x)): what T explains, u does not. Not by `lncc`, which magnifies what the interpolation at
        T leaves in the tails of the blobs, where nothing but that is to be seen."""
        start = itk.TranslationTransform[itk.D, 3].New()
        start.SetOffset(phantoms.SHIFT.tolist())
        registration = phantoms.registration(self.fixed, self.moving, similarity="ssd")
        registration.SetInitialTransform(start)
        registration.Update()
        displacement = itk.array_from_image(registration.GetDisplacementField())
        self.assertLess(np.abs(displacement).max(), 0.5 * np.abs(phantoms.SHIFT).max())
        whole = registration.GetTransform()
        for (x, y, z), _ in phantoms.CENTRES:
            point = phantoms.points()[z, y, x]
            np.testing.assert_allclose(np.array(whole.TransformPoint(point.tolist())),
                                       point + displacement[z, y, x] + phantoms.SHIFT, atol=1e-4)
        warped = resample(self.moving, whole, self.fixed)
        difference = warped - itk.array_from_image(registration.GetWarpedMovingImage())
        self.assertLess(np.abs(difference).max(), self.tolerance)

    def test_transform_files(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "map.h5"
            itk.transformwrite([self.filter.GetTransform()], str(path))
            transforms = itk.transformread(str(path))
            composite = itk.CompositeTransform[itk.D, 3].New()
            for transform in transforms:
                composite.AddTransform(transform)
            warped = resample(self.moving, composite, self.fixed)
        self.assertLess(np.abs(warped - self.warped).max(), self.tolerance)

    def test_image_files(self):
        """Physical vectors and grid survive NIfTI, NRRD and MetaImage."""
        field = self.filter.GetDisplacementField()
        with tempfile.TemporaryDirectory() as folder:
            for name in ("field.nii.gz", "field.nrrd", "field.mha"):
                path = str(Path(folder) / name)
                itk.imwrite(field, path)
                back = itk.imread(path)
                np.testing.assert_allclose(itk.array_from_image(back), itk.array_from_image(field), atol=1e-5, err_msg=name)
                np.testing.assert_allclose(tuple(back.GetOrigin()), phantoms.ORIGIN, atol=1e-4, err_msg=name)
                warped = itk.warp_image_filter(self.moving, displacement_field=back, output_parameters_from_image=self.fixed)
                self.assertLess(np.abs(itk.array_from_image(warped) - self.warped).max(), self.tolerance, name)


if __name__ == "__main__":
    unittest.main()
