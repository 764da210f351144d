# SPDX-License-Identifier: Apache-2.0
"""Planes of files, as processes that share a registration read them."""
import os
import tempfile
import unittest

import itk
import numpy as np


class UncompressedImageIO(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "image.nrrd")
        self.voxels = np.arange(5 * 4 * 3, dtype=np.float32).reshape(5, 4, 3)
        itk.imwrite(itk.image_from_array(self.voxels), self.path)

    def read(self):
        reader = itk.ImageFileReader[itk.Image[itk.F, 3]].New(FileName=self.path)
        reader.SetImageIO(itk.UncompressedImageIO.New())
        reader.Update()
        return itk.array_from_image(reader.GetOutput())

    def test_reads(self):
        np.testing.assert_array_equal(self.read(), self.voxels)

    def test_a_truncated_file(self):
        os.truncate(self.path, os.path.getsize(self.path) - 1)
        with self.assertRaisesRegex(RuntimeError, "image.nrrd: the file is truncated"):
            self.read()


if __name__ == "__main__":
    unittest.main()
