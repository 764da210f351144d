#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A brain that was warped by a known thin-plate spline: gnr-register finds the warp. (ctest: skip code 77)

t1_tps(x) = t1(x + u) with u = (0, uy, 0); uy in 0.01 mm along the second voxel axis, which is -y in LPS here."""
import nifti
import support


class KnownDeformation(support.CommandLineTest):
    def test_default_options(self):
        data = support.example_data("brainweb_2mm")
        self.succeed(self.register(data / "t1_tps.nii.gz", data / "t1.nii.gz", "-o", "pair"))
        fixed, truth = nifti.read(data / "t1_tps.nii.gz"), nifti.read(data / "truth_uy_0.01mm.nii.gz")
        warped, u = nifti.read(self.folder / "pair_warped.nii.gz"), nifti.read(self.folder / "pair_displacement.nii.gz")
        self.assertEqual(truth.size, u.size)
        along = [truth.matrix[r][1] / 2.0 for r in range(3)]  # direction of the second voxel axis, LPS; voxels of 2 mm
        self.assertEqual([round(c) for c in along], [0, -1, 0])

        before = support.correlation(fixed.data, nifti.read(data / "t1.nii.gz").data)
        after = support.correlation(fixed.data, warped.data)
        error = number = 0.0
        for f, uy, *v in zip(fixed.data, truth.data, *u.components):
            if f > 20:  # head: the background is below
                error += sum((c - 0.01 * uy * d) ** 2 for c, d in zip(v, along)) ** 0.5
                number += 1
        print(f"correlation {before:.4f} -> {after:.4f}, mean error {error / number:.3f} mm over {number:.0f} voxels")
        self.assertLess(before, 0.8)
        self.assertGreaterEqual(after, 0.995)
        self.assertLessEqual(error / number, 2.0)


if __name__ == "__main__":
    support.main()
