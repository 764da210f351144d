# SPDX-License-Identifier: Apache-2.0
"""The module gaussnewton: results against known deformations and the command line, image types, grids, errors."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import nibabel
import numpy as np

import gaussnewton
from gaussnewton import Image

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "data", "brainweb_2mm")
FIXED, MOVING = os.path.join(DATA, "t1_tps.nii.gz"), os.path.join(DATA, "t1.nii.gz")


def blob(size=(32, 28, 24), centre=(16.0, 14.0, 12.0), spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0)):
    """A Gaussian on a grid, [z, y, x]; centre in mm."""
    z, y, x = np.mgrid[:size[2], :size[1], :size[0]].astype(float)
    x, y, z = (origin[a] + spacing[a] * i for a, i in enumerate((x, y, z)))
    r = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2
    return np.exp(-r / 40.0).astype(np.float32)


class BrainWeb(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fixed, cls.moving = nibabel.load(FIXED), nibabel.load(MOVING)
        cls.result = gaussnewton.register(cls.fixed, cls.moving, outputs=("inverse", "velocity", "determinant"))
        cls.displacement = np.asarray(cls.result.displacement.dataobj)[:, :, :, 0, :]

    def test_error_in_millimetres(self):
        # The true field is along the voxel axis y, which points to -y of LPS in these files (RAS).
        truth = np.asarray(nibabel.load(os.path.join(DATA, "truth_uy_0.01mm.nii.gz")).dataobj) * 0.01
        error = self.displacement + np.stack([0 * truth, truth, 0 * truth], axis=-1)
        inside = np.asarray(self.fixed.dataobj) > 20
        self.assertLess(np.linalg.norm(error, axis=-1)[inside].mean(), 0.5)

    def test_types_give_the_same_displacement(self):
        import itk
        import SimpleITK
        same = [("itk", lambda name: itk.imread(name), itk.array_from_image, "itk"),
                ("SimpleITK", SimpleITK.ReadImage, SimpleITK.GetArrayFromImage, "SimpleITK")]
        for name, load, array, module in same:
            with self.subTest(name):
                result = gaussnewton.register(load(FIXED), load(MOVING))
                field = result.displacement
                self.assertEqual(type(field).__module__.split(".")[0], module)
                self.assertEqual(type(result.warped).__module__.split(".")[0], module)
                difference = array(field).transpose(2, 1, 0, 3) - self.displacement
                self.assertLess(np.abs(difference).max(), 1e-3)
                self.assertTrue(np.allclose(np.array(field.GetOrigin()), np.array(load(FIXED).GetOrigin())))
        with self.subTest("numpy"): # the axes of the box are those of the array: RAS voxels, LPS vectors
            result = gaussnewton.register(np.asarray(self.fixed.dataobj).T, np.asarray(self.moving.dataobj).T,
                                          spacing=(2.0, 2.0, 2.0))
            self.assertIsInstance(result.displacement, np.ndarray)
            onto_lps = result.displacement.transpose(2, 1, 0, 3) * np.array([-1.0, -1.0, 1.0])
            self.assertLess(np.abs(onto_lps - self.displacement).max(), 1e-3)

    @unittest.skipUnless(os.environ.get("GNR_REGISTER"), "GNR_REGISTER is not set: no command line to compare with")
    def test_same_bits_and_files_as_the_command_line(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([os.environ["GNR_REGISTER"], FIXED, MOVING, "-o", folder + "/cli", "-q", "--inverse",
                            "--velocity", "--determinant"], check=True)
            paths = self.result.save(folder + "/wheel")
            self.assertEqual({os.path.basename(p).replace("wheel", "cli") for p in paths}, set(os.listdir(folder))
                             - {os.path.basename(p) for p in paths})
            for path in paths:
                if path.endswith(".json"):
                    continue
                ours, theirs = nibabel.load(path), nibabel.load(path.replace("wheel_", "cli_"))
                self.assertEqual(ours.shape, theirs.shape)
                self.assertTrue(np.allclose(ours.affine, theirs.affine, atol=1e-6))
                for key in ("intent_code", "qform_code", "sform_code", "datatype", "xyzt_units"):
                    self.assertEqual(ours.header[key], theirs.header[key], (path, key))
                difference = np.abs(np.asarray(ours.dataobj) - np.asarray(theirs.dataobj)).max()
                # Warped: ITK sums the eight corners in another order; 1e-4 of the largest intensity is far from it.
                self.assertLessEqual(difference, 0.03 if "warped" in path else 0.0, path)

    def test_maps_are_inverse_to_each_other(self):
        # x + u(x) + w(x + u(x)) = x: warping w by the result and adding u leaves little of a voxel.
        u = self.displacement
        inverse = self.result._fields["inverse"]
        for a in range(3):
            component = nibabel.Nifti1Image(inverse[..., a].T, self.fixed.affine)
            warped = np.asarray(gaussnewton.apply(component, self.result).dataobj)
            inner = (slice(12, -12),) * 3
            self.assertLess(np.abs(warped + u[..., a])[inner].mean(), 0.05)


class Grids(unittest.TestCase):
    def test_moving_on_another_grid(self):
        # The same two blobs, 2 mm apart, moving on a finer and shifted grid: at the centre u = (2, 0, 0).
        fixed = Image(blob())
        size, spacing, origin = (56, 50, 44), (0.7, 0.7, 0.7), (-3.0, -2.0, -1.5)
        moving = Image(blob(size, (18.0, 14.0, 12.0), spacing, origin), spacing, origin)
        result = gaussnewton.register(fixed, moving, beta=1e-4)
        u = result.displacement.array[12, 14, 16]
        self.assertLess(np.abs(u - [2.0, 0.0, 0.0]).max(), 0.2)

    def test_direction_turns_the_vectors(self):
        # Voxel axis x points to +y of LPS, y to -x: a shift along the voxel axis x is one along +y.
        turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        fixed = Image(blob(), direction=turn)
        moving = Image(blob(centre=(18.0, 14.0, 12.0)), direction=turn)
        u = gaussnewton.register(fixed, moving, beta=1e-4).displacement.array[12, 14, 16]
        self.assertLess(np.abs(u - [0.0, 2.0, 0.0]).max(), 0.2)

    def test_labels_keep_type_and_values(self):
        result = gaussnewton.register(blob(), blob(centre=(18.0, 14.0, 12.0)), preset="fast")
        labels = (blob(centre=(18.0, 14.0, 12.0)) > 0.5).astype(np.uint16) * 1000
        warped = gaussnewton.apply(labels, result, interpolation="label")
        self.assertEqual(warped.dtype, np.uint16)
        self.assertEqual(set(np.unique(warped)), {0, 1000})

    def test_volumes_that_do_not_overlap(self):
        with self.assertRaisesRegex(gaussnewton.InputError, "do not overlap"):
            gaussnewton.register(Image(blob()), Image(blob(), origin=(500.0, 0.0, 0.0)))


class Channels(unittest.TestCase):
    def test_the_same_pair_twice_at_half_the_weight(self):
        fixed, moving = blob(), blob(centre=(18.0, 14.0, 12.0))
        one = gaussnewton.register(fixed, moving, similarity="ssd", beta=1e-4)
        two = gaussnewton.register(fixed, moving, channels=[(fixed, moving)], similarity="0.5*ssd,0.5*ssd", beta=1e-4)
        self.assertGreater(np.abs(one.displacement).max(), 1.0)
        self.assertLess(np.abs(one.displacement - two.displacement).max(), 1e-3)

    def test_the_same_on_another_grid(self):
        size, spacing, origin = (56, 50, 44), (0.7, 0.7, 0.7), (-3.0, -2.0, -1.5)
        fixed = Image(blob())
        moving = Image(blob(size, (18.0, 14.0, 12.0), spacing, origin), spacing, origin)
        one = gaussnewton.register(fixed, moving, similarity="ssd")
        two = gaussnewton.register(fixed, moving, channels=[(fixed, moving)], similarity="0.5*ssd,0.5*ssd")
        self.assertLess(np.abs(one.displacement.array - two.displacement.array).max(), 1e-3)

    def test_each_moves_what_only_it_shows(self):
        # Of two blobs each pair shows one; they move 2 mm along x and y.
        a, b = (8.0, 14.0, 12.0), (24.0, 14.0, 12.0)
        result = gaussnewton.register(blob(centre=a), blob(centre=(10.0, 14.0, 12.0)), beta=1e-4, similarity="ssd",
                                      channels=[(blob(centre=b), blob(centre=(24.0, 16.0, 12.0)))])
        u = result.displacement
        self.assertLess(np.abs(u[12, 14, 8] - [2.0, 0.0, 0.0]).max(), 0.4)
        self.assertLess(np.abs(u[12, 14, 24] - [0.0, 2.0, 0.0]).max(), 0.4)

    def test_labels_are_sampled_by_the_nearest_voxel(self):
        """On another grid, where linear interpolation would make numbers that are no labels."""
        size, spacing, origin = (56, 50, 44), (0.7, 0.7, 0.7), (-3.0, -2.0, -1.5)
        fixed = blob()
        moving = Image(blob(size, (18.0, 14.0, 12.0), spacing, origin), spacing, origin)
        labels = [(values > 0.2).astype(np.uint8) * 3 + (values > 0.6) * 40 for values in (fixed, moving.array)]
        result = gaussnewton.register(Image(fixed), moving, similarity="0.001*ssd,labels",
                                      channels=[(Image(labels[0]), Image(labels[1], spacing, origin))])
        self.assertGreater(np.abs(result.displacement.array[..., 0]).max(), 1.0)
        self.assertEqual(result.report["result"]["similarity"], "0.001*ssd,labels")

    def test_errors_name_the_pair(self):
        image = blob()
        shifted = Image(image, origin=(0.5, 0.0, 0.0))
        good = (Image(image), Image(image))
        cases = [([good, (shifted, Image(image))], "fixed image of pair 3.*grid"),
                 ([(Image(image), shifted)], "moving image of pair 2.*grid"),
                 ([good, (Image(image[1:]), Image(image))], "fixed image of pair 3.*grid"),
                 ([good, (Image(image),)], "pair 3 .*1 image"), ([good + good], "pair 2 .*4 images"), ([image], "pair 2.*ndarray"),
                 ([good, (Image(image), Image(image * np.nan))], "moving image of pair 3.*finite"),
                 ([(Image(image), "file.nii.gz")], "moving image of pair 2.*no image")]
        for channels, words in cases:
            with self.subTest(words), self.assertRaisesRegex(gaussnewton.InputError, words):
                gaussnewton.register(Image(image), Image(image), channels=channels)
        with self.assertRaisesRegex(gaussnewton.InputError, "imilarity"): # two measures for three pairs
            gaussnewton.register(Image(image), Image(image), channels=[good, good], similarity="ssd,ssd")


class Behaviour(unittest.TestCase):
    def test_landmarks_are_brought_together(self):
        """In LPS, on grids that begin elsewhere and through a translation: a ball that shows nothing of the motion."""
        direction = np.diag([-1.0, -1.0, 1.0])
        fixed = Image(np.minimum(blob(), 0.6), origin=(31.0, 27.0, 0.0), direction=direction)
        moving = Image(fixed.array, origin=(32.0, 27.0, 0.0), direction=direction)
        p = np.array([[16.0, 14.0, 12.0], [14.0, 16.0, 10.0]])
        shift = np.eye(4)
        shift[0, 3] = 1.0
        q = p + [1.0, 0.0, 0.0] + [[0.0, 2.0, 0.0], [0.0, 1.0, 1.0]]
        found = gaussnewton.register(fixed, moving, initial_transform=shift, fixed_points=p, moving_points=q,
                                     landmark_sigma=1.0, threads=1)
        landmarks = found.report["result"]["landmarks"]
        self.assertAlmostEqual(landmarks["meanBeforeMm"], 0.5 * (2.0 + 2.0 ** 0.5), places=6)
        self.assertLess(landmarks["maximumAfterMm"], 0.5)
        for wrong, says in (((p, None), "belong together"), ((p, q[:1]), "1 points"), ((p[:, :2], q), "(N, 3)"),
                            ((p, q + 100.0), "point 0"), ((p * np.nan, q), "fixed_points: point 0")):
            with self.subTest(says), self.assertRaises(gaussnewton.InputError) as error:
                gaussnewton.register(fixed, moving, fixed_points=wrong[0], moving_points=wrong[1])
            self.assertIn(says, str(error.exception))

    def test_tissues_keep_their_volume(self):
        fixed, small = blob(), blob() ** 1.3
        options = dict(similarity="ssd", threads=1, outputs=["determinant"])
        free = gaussnewton.register(fixed, small, **options)
        weights = np.ones_like(small)
        kept = gaussnewton.register(fixed, small, incompressibility_image=weights, incompressibility_weight=10, **options)
        worst = [np.abs(found.determinant - 1.0).max() for found in (free, kept)]
        self.assertLess(worst[1], 0.3 * worst[0])
        for wrong, says in ((weights[1:], "shape"), (-weights, "not negative"), (weights * np.nan, "not finite")):
            with self.subTest(says), self.assertRaisesRegex(gaussnewton.InputError, says):
                gaussnewton.register(fixed, small, incompressibility_image=wrong)

    def test_a_start_changes_densities(self):
        """Where it has let the matter grow, nothing is left to be done."""
        z, y, x = np.mgrid[:24, :28, :32] - np.array([12.0, 14.0, 16.0]).reshape(3, 1, 1, 1)
        matter = lambda s: (np.exp(-(x * x + y * y + z * z) / (40.0 * s * s)) / s ** 3 + 0.1 / s ** 3).astype(np.float32)
        stretch = np.diag([1 / 1.2] * 3 + [1.0])
        stretch[:3, 3] = (1 - 1 / 1.2) * np.array([16.0, 14.0, 12.0])
        found = gaussnewton.register(matter(1.2), matter(1.0), initial_transform=stretch, density="given", threads=1)
        self.assertLess(np.abs(found.displacement).max(), 0.3)
        self.assertEqual(found.report["result"]["densityExponent"], 1.0)
        with self.assertRaisesRegex(gaussnewton.InputError, "fixed_mask and moving_mask"):
            gaussnewton.register(matter(1.2), matter(1.0), density="given", density_exponent="auto")

    def test_errors_by_class(self):
        image = blob()
        cases = [(dict(beta=-1), "Beta: must be a number > 0"), (dict(no_such=1), "no_such"), (dict(preset="slow"), "slow"),
                 (dict(outputs=["warp"]), "warp"), (dict(fixed_mask=0 * image), "empty"),
                 (dict(fixed_mask=image[1:]), "shape")]
        for settings, words in cases:
            with self.subTest(words), self.assertRaisesRegex(ValueError, words):
                gaussnewton.register(image, image, **settings)
        with self.assertRaisesRegex(gaussnewton.InputError, "not finite"):
            gaussnewton.register(image * np.nan, image)
        with self.assertRaisesRegex(gaussnewton.InputError, "dimensions"):
            gaussnewton.register(image[0], image)
        with self.assertRaisesRegex(gaussnewton.InputError, "no image"):
            gaussnewton.register("fixed.nii.gz", image)

    def test_settings_of_every_kind(self):
        f, m = blob(), blob(centre=(18.0, 14.0, 12.0))
        chosen = gaussnewton.register(f, m, symmetric=True, periodic=False, determinant_bounds=(0.3, 3), levels=1, beta=2e-3,
                                      gradient_limit=None, similarity="ssd", preset="fast").report["options"]
        for name, text in (("symmetric", "on"), ("periodic", "off"), ("determinantBounds", "0.3 3"), ("levels", "1"),
                           ("beta", "0.002"), ("gradientLimit", "none"), ("similarity", "ssd")):
            self.assertEqual(chosen[name], text, name)

    def test_progress_stops_and_errors_in_it_come_out(self):
        fixed, moving = blob(), blob(centre=(18.0, 14.0, 12.0))
        events = []
        gaussnewton.register(fixed, moving, progress=lambda event, values: events.append((event, values)))
        shares = [values["share"] for event, values in events if event == "progress"]
        self.assertEqual(shares, sorted(shares))
        result = gaussnewton.register(fixed, moving, progress=lambda event, values: event != "iteration")
        self.assertEqual(result.report["result"]["stopReason"], "stopped-on-request")

        def fail(event, values):
            raise KeyError("mine")
        with self.assertRaisesRegex(KeyError, "mine"):
            gaussnewton.register(fixed, moving, progress=fail)

    def test_a_measure_of_squared_differences_is_that_of_the_library(self):
        fixed, moving = blob(), blob(centre=(18.0, 14.0, 12.0))
        grids = set()

        def squared(f, m, weight):
            grids.add(f.shape)
            w = 1.0 if weight is None else weight
            return 0.5 * np.sum(w * (f - m).astype(float) ** 2), (w * (f - m)).astype(np.float32)
        expected = gaussnewton.register(fixed, moving, similarity="ssd")
        own = gaussnewton.register(fixed, moving, measure=squared)
        half = gaussnewton.register(fixed, moving, measure=squared, similarity="0.5*custom+0.5*ssd")
        self.assertGreater(np.abs(expected.displacement).max(), 1.0)
        for result in (own, half):
            self.assertLess(np.abs(result.displacement - expected.displacement).max(), 1e-3)
        self.assertEqual(own.report["result"]["similarity"], "custom")
        self.assertGreater(len(grids), 1)

    def test_a_measure_that_fails_says_so(self):
        fixed, moving = blob(), blob(centre=(18.0, 14.0, 12.0))

        def fail(f, m, weight):
            raise KeyError("mine")
        with self.assertRaisesRegex(KeyError, "mine"):
            gaussnewton.register(fixed, moving, measure=fail)
        for answer in (None, 1.0, (1.0, 2.0), (np.nan, fixed), ("a", fixed)):
            with self.subTest(answer), self.assertRaisesRegex((ValueError, ArithmeticError), "measure"):
                gaussnewton.register(fixed, moving, measure=lambda f, m, weight: answer)
        with self.assertRaisesRegex(ValueError, "custom"):
            gaussnewton.register(fixed, moving, similarity="custom")

    def test_any_number_of_threads_gives_the_same_bits(self):
        fixed, moving = blob(), blob(centre=(18.0, 14.0, 12.0))
        one, three = (gaussnewton.register(fixed, moving, threads=n).displacement for n in (1, 3))
        self.assertTrue((one == three).all())

    def test_interrupt_within_a_second(self):
        # Where the tests run in the background, SIGINT is ignored, which children inherit.
        code = ("import nibabel, gaussnewton, signal, sys\n"
                "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
                "f, m = nibabel.load(sys.argv[1]), nibabel.load(sys.argv[2])\n"
                "def say(event, values):\n"
                "  if event == 'iteration': print('go', flush=True)\n"
                "try: gaussnewton.register(f, m, preset='accurate', gradient_tolerance=1e-6, progress=say)\n"
                "except KeyboardInterrupt: print('interrupted')\n")
        child = subprocess.Popen([sys.executable, "-c", code, FIXED, MOVING], stdout=subprocess.PIPE, text=True)
        while child.stdout.readline().strip() != "go":
            self.assertIsNone(child.poll())
        child.send_signal(signal.SIGINT)
        begin = time.monotonic()
        output, _ = child.communicate(timeout=60)
        seconds = time.monotonic() - begin
        self.assertIn("interrupted", output)
        self.assertLess(seconds, 1.0 + 0.5) # and half of one to leave Python

    def test_memory_is_given_back(self):
        # A process of its own: after the second run each further one would add its fields, 35 words a voxel.
        code = ("import numpy as np, gaussnewton as g\n"
                "z, y, x = np.mgrid[:64, :64, :64]\n"
                "b = lambda c: np.exp(-((x - c) ** 2 + (y - 32.) ** 2 + (z - 32.) ** 2) / 200)\n"
                "now = lambda: int(open('/proc/self/statm').read().split()[1]) * 4096\n"
                "f, m = b(32.), b(35.)\n"
                "for i in range(10):\n"
                "  g.register(f, m, preset='fast')\n"
                "  if i == 1: before = now()\n"
                "print(now() - before)\n")
        grown = int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        self.assertLess(grown, 64 ** 3 * 35 * 4) # less than one run's fields after eight more

    def test_report_is_json(self):
        report = gaussnewton.register(blob(), blob(centre=(18.0, 14.0, 12.0)), preset="fast").report
        again = json.loads(json.dumps(report))
        self.assertEqual(again["versions"]["gaussnewton"], gaussnewton.__version__)
        self.assertEqual(again["options"]["similarity"], "auto")
        self.assertIn(again["result"]["similarity"], ("lncc", "mind"))


if __name__ == "__main__":
    unittest.main()
