# SPDX-License-Identifier: Apache-2.0
"""Initial transforms: every kind that can be passed, and that a fixed point x corresponds to T(x + u(x)) everywhere."""
import os
import subprocess
import tempfile
import unittest

import itk
import numpy as np
import SimpleITK

import gaussnewton
from gaussnewton import Image, _nifti, _transforms
from gaussnewton._transforms import matrix_of

SIZE, CENTRE = (32, 28, 24), np.array([16.0, 14.0, 12.0])


def blob(centre, size=SIZE):
    """A Gaussian, [z, y, x], voxels of 1 mm."""
    z, y, x = np.mgrid[:size[2], :size[1], :size[0]].astype(float)
    return np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) / 40.0).astype(np.float32)


def about(rotation, centre, shift=(0.0, 0.0, 0.0)):
    """4 x 4: p to rotation (p - centre) + centre + shift."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = centre - rotation @ centre + shift
    return matrix


def turn(axis, angle):
    """Rodrigues' formula."""
    k = np.array(axis, dtype=float) / np.linalg.norm(axis)
    cross = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
    return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross


def points(image):
    """[z, y, x, 3]: LPS mm of every voxel."""
    nx, ny, nz = image.size
    z, y, x = np.mgrid[:nz, :ny, :nx].astype(float)
    matrix = image.index_to_point()
    return np.stack([x, y, z], axis=-1) @ matrix[:3, :3].T + matrix[:3, 3]


class Kinds(unittest.TestCase):
    centre, shift = np.array([3.0, -7.0, 11.0]), np.array([-2.0, 5.0, 1.5])

    def test_simpleitk(self):
        c, s = [float(v) for v in self.centre], [float(v) for v in self.shift]
        # ITK's Euler angles: R = Rz Rx Ry.
        euler = turn((0, 0, 1), 0.3) @ turn((1, 0, 0), 0.1) @ turn((0, 1, 0), -0.2)
        versor = turn((1, 2, 3), 0.4)
        stretch = np.array([[1.1, 0.05, 0.0], [0.0, 0.9, 0.02], [0.1, 0.0, 1.2]])
        cases = [(SimpleITK.Euler3DTransform(c, 0.1, -0.2, 0.3, s), about(euler, self.centre, self.shift)),
                 (SimpleITK.VersorRigid3DTransform((1.0, 2.0, 3.0), 0.4, s), about(versor, np.zeros(3), self.shift)),
                 (SimpleITK.Similarity3DTransform(1.25, (1.0, 2.0, 3.0), 0.4, s, c),
                  about(1.25 * versor, self.centre, self.shift)),
                 (SimpleITK.AffineTransform([float(v) for v in stretch.ravel()], s, c),
                  about(stretch, self.centre, self.shift)),
                 (SimpleITK.TranslationTransform(3, s), about(np.eye(3), self.centre, self.shift)),
                 (SimpleITK.Transform(3, SimpleITK.sitkIdentity), np.eye(4))]
        for transform, expected in cases:
            with self.subTest(transform.GetName()):
                self.assertLess(np.abs(matrix_of(transform) - expected).max(), 1e-12)
        # The last of a composite comes first.
        both = SimpleITK.CompositeTransform([cases[0][0], cases[3][0]])
        self.assertLess(np.abs(matrix_of(both) - cases[0][1] @ cases[3][1]).max(), 1e-12)

    def test_itk(self):
        euler = itk.Euler3DTransform[itk.D].New()
        euler.SetCenter(self.centre.tolist())
        euler.SetRotation(0.1, -0.2, 0.3)
        euler.SetTranslation(self.shift.tolist())
        expected = about(turn((0, 0, 1), 0.3) @ turn((1, 0, 0), 0.1) @ turn((0, 1, 0), -0.2), self.centre, self.shift)
        self.assertLess(np.abs(matrix_of(euler) - expected).max(), 1e-12)
        move = itk.TranslationTransform[itk.D, 3].New()
        move.Translate(self.shift.tolist())
        both = itk.CompositeTransform[itk.D, 3].New()
        both.AddTransform(euler)
        both.AddTransform(move)
        self.assertLess(np.abs(matrix_of(both) - expected @ about(np.eye(3), self.centre, self.shift)).max(), 1e-12)

    def test_what_is_none(self):
        singular = np.diag([1.0, 1.0, 0.0, 1.0])
        no_number, projective = np.eye(4), np.eye(4)
        no_number[0, 3], projective[3, 0] = np.nan, 0.1
        field = SimpleITK.DisplacementFieldTransform(SimpleITK.Image([4, 4, 4], SimpleITK.sitkVectorFloat64))
        spline = SimpleITK.BSplineTransform(3, 3)
        cases = [(np.eye(3), "shape"), (singular, "inverted"), (no_number, "finite"), (projective, "last row"),
                 ("pair_initial.tfm", "no transform"), (field, "not affine"), (spline, "not affine"),
                 (SimpleITK.CompositeTransform([SimpleITK.Euler3DTransform(), spline]), "not affine"),
                 (SimpleITK.Euler2DTransform(), "2 dimensions"),
                 (SimpleITK.Image([4, 4, 4], SimpleITK.sitkFloat32), "transform")]
        for transform, words in cases:
            with self.subTest(words), self.assertRaisesRegex(gaussnewton.InputError, words) as caught:
                gaussnewton.register(blob(CENTRE), blob(CENTRE), initial_transform=transform)
            self.assertIn("4 x 4 matrix", str(caught.exception)) # the remedy


class Maps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Everything at once: turned and stretched grids, a transform that neither commutes with u nor is a rotation.
        cls.fixed = Image(blob(CENTRE), (1.0, 1.2, 0.9), (-20.0, 5.0, 40.0), turn((1, 1, 0), 0.3))
        centre = cls.fixed.index_to_point() @ [*CENTRE, 1.0]
        cls.transform = about(turn((3, -1, 2), 0.5) @ np.diag([1.1, 0.9, 1.0]), centre[:3], (8.0, -6.0, 4.0))
        cls.moving = Image(np.zeros((60, 64, 68), np.float32), (0.8, 0.8, 0.8), (0.0, 0.0, 0.0), turn((0, 1, 2), -0.4))
        aim = (cls.transform @ (centre + [2.0, 0.0, 0.0, 0.0]))[:3]
        cls.moving.origin = tuple(aim - cls.moving.index_to_point()[:3, :3] @ [34.0, 32.0, 30.0])
        # Seen through the transform, the same Gaussian 2 mm to the left.
        back = (points(cls.moving) - cls.transform[:3, 3]) @ np.linalg.inv(cls.transform[:3, :3]).T - [2.0, 0.0, 0.0]
        index = (back - cls.fixed.origin) @ np.linalg.inv(cls.fixed.index_to_point()[:3, :3]).T - CENTRE
        cls.moving.array = np.exp(-(index ** 2).sum(axis=-1) / 40.0).astype(np.float32)
        cls.result = gaussnewton.register(cls.fixed, cls.moving, initial_transform=cls.transform, beta=1e-3,
                                          similarity="ssd")
        x = points(cls.fixed) + cls.result.displacement.array
        cls.corresponding = x @ cls.transform[:3, :3].T + cls.transform[:3, 3]

    def test_the_displacement_comes_before_the_transform(self):
        self.assertLess(np.abs(self.result.displacement.array[12, 14, 16] - [2.0, 0.0, 0.0]).max(), 0.2)

    def test_apply_and_warped_interpolate_at_the_corresponding_point(self):
        # Linear interpolation of a linear function is exact: the coordinates themselves as images.
        place = points(self.moving)
        inner = (slice(6, -6),) * 3
        for a in range(3):
            ramp = self.moving.like(place[..., a])
            found = gaussnewton.apply(ramp, self.result, outside=np.nan).array
            self.assertTrue(np.isfinite(found[inner]).all())
            self.assertLess(np.abs(found - self.corresponding[..., a])[inner].max(), 1e-3)
        self.assertTrue((gaussnewton.apply(self.moving, self.result).array == self.result.warped.array).all())

    def test_files_and_report(self):
        with tempfile.TemporaryDirectory() as folder:
            paths = self.result.save(os.path.join(folder, "pair"))
            self.assertIn("pair_initial.tfm", [os.path.basename(path) for path in paths])
            path = os.path.join(folder, "pair_initial.tfm")
            read = [SimpleITK.ReadTransform(path), itk.transformread(path)[0]]
            field = SimpleITK.ReadImage(os.path.join(folder, "pair_displacement.nii.gz"), SimpleITK.sitkVectorFloat64)
        for transform in read:
            self.assertLess(np.abs(matrix_of(transform) - self.transform).max(), 1e-12)
        chain = SimpleITK.CompositeTransform([read[0], SimpleITK.DisplacementFieldTransform(field)])
        for z, y, x in ((12, 14, 16), (8, 20, 10), (16, 9, 22)):
            point = points(self.fixed)[z, y, x]
            self.assertLess(np.abs(chain.TransformPoint(point.tolist()) - self.corresponding[z, y, x]).max(), 1e-3)
        report = self.result.report["initialTransform"]
        self.assertEqual(report["matrix"], self.transform[:3, :3].tolist())
        self.assertEqual(report["offsetMm"], self.transform[:3, 3].tolist())
        self.assertTrue((self.result.initial_transform == self.transform).all())


    @unittest.skipUnless(os.environ.get("GNR_REGISTER"), "GNR_REGISTER is not set: no command line to compare with")
    def test_the_command_line_finds_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            files = [os.path.join(folder, name) for name in ("fixed.nii.gz", "moving.nii.gz", "initial.tfm")]
            for path, image in zip(files, (self.fixed, self.moving)):
                _nifti.write(path, image)
            _transforms.write(files[2], self.transform)
            subprocess.run([os.environ["GNR_REGISTER"], *files[:2], "-o", os.path.join(folder, "cli"), "-q",
                            "--initial-transform", files[2], "--similarity", "ssd", "--beta", "1e-3"], check=True)
            for name in ("displacement", "warped"):
                theirs = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(os.path.join(folder, "cli_%s.nii.gz" % name)))
                # Headers hold the direction in single precision.
                self.assertLess(np.abs(theirs - getattr(self.result, name).array).max(), 5e-3, name)


class Sampling(unittest.TestCase):
    """A transform by whole voxels into a larger image is a crop of it, to the last bit."""
    shift = (5, 4, 3)

    def crop(self, array):
        return np.ascontiguousarray(array[tuple(slice(s, s + n) for s, n in zip(self.shift[::-1], SIZE[::-1]))])

    def test_images_masks_and_channels(self):
        large = tuple(n + 10 for n in SIZE)
        fixed, other = blob(CENTRE), blob(CENTRE + [1.0, 2.0, 0.0])
        moving = blob(CENTRE + self.shift + [2.0, 0.0, 0.0], large)
        channel = blob(CENTRE + self.shift + [3.0, 2.0, 0.0], large)
        mask = blob(CENTRE + self.shift, large) > 0.01
        moving[~mask] += 0.5 # which the mask hides
        transform = about(np.eye(3), CENTRE, self.shift)
        settings = dict(similarity="ssd,0.5*ssd", beta=1e-4)
        far = gaussnewton.register(fixed, moving, moving_mask=mask, channels=[(other, channel)],
                                   initial_transform=transform, **settings)
        near = gaussnewton.register(fixed, self.crop(moving), moving_mask=self.crop(mask),
                                    channels=[(other, self.crop(channel))], **settings)
        self.assertGreater(np.abs(near.displacement).max(), 1.0)
        self.assertLess(np.abs(far.displacement - near.displacement).max(), 1e-5)

    def test_the_identity_changes_nothing(self):
        fixed, moving = blob(CENTRE), blob(CENTRE + [2.0, 0.0, 0.0])
        plain, same = (gaussnewton.register(fixed, moving, initial_transform=t) for t in (None, np.eye(4)))
        self.assertTrue((plain.displacement == same.displacement).all())
        self.assertIsNone(plain.initial_transform)
        self.assertIsNone(plain.report["initialTransform"])

    def test_the_wrong_way_round(self):
        with self.assertRaisesRegex(gaussnewton.InputError, "do not overlap.*fixed to moving"):
            gaussnewton.register(blob(CENTRE), blob(CENTRE),
                                 initial_transform=about(np.eye(3), CENTRE, (200.0, 0.0, 0.0)))


if __name__ == "__main__":
    unittest.main()
