#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-view: every panel holds what it should, on images and deformations made by hand. (ctest: skip code 77)

The images are blocks of four voxels an axis of one value, so that the pixel at the middle of a block has exactly that
value whatever the interpolation; the deformations shift by whole voxels. Where a panel lies and what its shades mean is
said by the picture itself (its text chunk `gnr-view`); which voxel a pixel shows and which letter belongs where is
worked out here from the header of the images."""
import json
import math
import os
import random
import resource
import shutil
import unittest

import nifti
import png
import support

SIZE = (32, 24, 20)
SHIFT = (4, 0, -4)  # voxels: one block
FOLD = (255, 230, 0)
LETTERS = ("LR", "PA", "SI")

# Index -> LPS mm: anisotropic voxels; the first axis to the right, the second to the head, the third to the back.
TURNED = ((-2.0, 0.0, 0.0), (0.0, 0.0, 3.0), (0.0, 1.5, 0.0))


def rotated(angle, spacing):
    """About the head-feet axis by `angle` degrees."""
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return ((c * spacing[0], -s * spacing[1], 0.0), (s * spacing[0], c * spacing[1], 0.0), (0.0, 0.0, spacing[2]))


def offset(index):
    return index[0] + SIZE[0] * (index[1] + SIZE[1] * index[2])


def voxels():
    return [(x, y, z) for z in range(SIZE[2]) for y in range(SIZE[1]) for x in range(SIZE[0])]


class Panels:
    """A picture with its description."""

    def __init__(self, path):
        self.picture = png.Picture(path)
        self.about = json.loads(self.picture.texts["gnr-view"])
        self.panels = {(p["name"], p["plane"]): p for p in self.about["panels"]}

    def position(self, panel, index):
        """Column and row of a voxel in a panel, in pixels and fractions of them, at the centre of the voxel."""
        begin, size = self.about["region"]["begin"], self.about["region"]["size"]
        result = []
        for side in (0, 1):
            axis = panel["axes"][side]
            at = index[axis] - begin[axis]
            at = size[axis] - 1 - at if panel["flipped"][side] else at
            result.append((at + 0.5) * panel["area"][2 + side] / size[axis])
        return result

    def color(self, panel, index):
        x, y = self.position(panel, index)
        return self.picture.at(panel["area"][0] + int(x), panel["area"][1] + int(y))


class Picture(support.CommandLineTest):
    matrix, origin = TURNED, (11.0, -7.0, 30.0)

    def make(self, matrix=TURNED, displacement=None, arguments=(), options=()):
        """Runs gnr-register without a step to get a report, puts `displacement(index)` (LPS, mm) in place of what it
        found, and draws. The images keep their values: 0 to 200."""
        dice = random.Random(7)
        blocks = {tuple(i // 4 for i in index): None for index in voxels()}
        values = []
        for _ in range(2):
            grey = {block: dice.choice([0, 40, 80, 120, 160, 200]) for block in blocks}
            values.append([float(grey[tuple(i // 4 for i in index)]) for index in voxels()])
        self.fixed, self.moving = values
        self.matrix = matrix
        for name, data in (("fixed.nii", self.fixed), ("moving.nii", self.moving)):
            nifti.write(self.folder / name, SIZE, data, "f", matrix, self.origin)
        self.succeed(self.register("fixed.nii", "moving.nii", "-o", "pair", "--iterations", "0", "--levels", "1", *options))
        if displacement:
            vectors = [displacement(index) for index in voxels()]
            (self.folder / "pair_displacement.nii.gz").unlink()
            nifti.write(self.folder / "pair_displacement.nii.gz", SIZE, [[v[c] for v in vectors] for c in range(3)], "f",
                        matrix, self.origin)
        self.succeed(self.view("pair", *arguments))
        return Panels(self.folder / "pair_quality.png")

    def physical(self, step):
        """A step in voxels as a vector in mm."""
        return tuple(sum(self.matrix[r][c] * step[c] for c in range(3)) for r in range(3))

    def point(self, index):
        return [str(self.origin[r] + self.physical(index)[r]) for r in range(3)]

    def warped(self, index):
        source = tuple(index[a] + SHIFT[a] for a in range(3))
        inside = all(0 <= source[a] < SIZE[a] for a in range(3))
        return self.moving[offset(source)] if inside else 0.0

    def shifted(self, **keywords):
        u = self.physical(SHIFT)
        return self.make(displacement=lambda index: u, options=("--normalization", "none"), **keywords)

    def block_centres(self, panels, panel):
        """The voxels at the lower middle of the blocks that the plane cuts, away from the rim and the letters."""
        fixed_axis = ({0, 1, 2} - set(panel["axes"])).pop()
        x0, y0, width, height = panel["area"]
        for index in voxels():
            if index[fixed_axis] != panels.about["voxel"][fixed_axis] or any(index[a] % 4 != 1 for a in panel["axes"]):
                continue
            x, y = panels.position(panel, index)
            margin = 26
            if margin < x < width - margin and margin < y < height - margin:
                yield index

    def test_intensities(self):
        """Fixed, moving, warped and both differences, at the middle of every block."""
        point = (17, 9, 10)
        panels = self.shifted(arguments=("--point", *self.point(point)))
        self.assertEqual(panels.about["voxel"], list(point))
        seen = 0
        for plane in ("axial", "coronal", "sagittal"):
            before = panels.panels["difference-before", plane]
            after = panels.panels["difference-after", plane]
            self.assertEqual(before["range"], after["range"], "one scale for both differences")
            self.assertEqual(before["range"][0], -before["range"][1])
            for name in ("fixed", "moving", "warped", "difference-before", "difference-after"):
                panel = panels.panels[name, plane]
                if not name.startswith("difference"):
                    # 0 and 200 are a sixth of the voxels each, so they are the robust percentiles as well.
                    self.assertAlmostEqual(panel["range"][0], 0, 3)
                    self.assertAlmostEqual(panel["range"][1], 200, 3)
                for index in self.block_centres(panels, panel):
                    if name == "fixed" and any(index[a] in range(point[a] - 1, point[a] + 2) for a in panel["axes"]):
                        continue  # below the lines of the other planes
                    f, m, w = self.fixed[offset(index)], self.moving[offset(index)], self.warped(index)
                    value = {"fixed": f, "moving": m, "warped": w, "difference-before": (m - f) / 200,
                             "difference-after": (w - f) / 200}[name]
                    low, high = panel["range"]
                    grey = 255 * min(max((value - low) / (high - low), 0), 1)
                    r, g, b = panels.color(panel, index)
                    self.assertEqual((r, g), (g, b))
                    self.assertAlmostEqual(r, grey, delta=1.01, msg=f"{name}, {plane}, voxel {index}")
                    seen += 1
        self.assertGreater(seen, 200)

    def test_differences_of_another_contrast(self):
        """With a measure that does not compare intensities, moving is shown as fixed is, on average, where it has that
        grey: of a moving image that is fixed in other grey values nothing remains."""
        panels = self.make(options=("--similarity", "mind"))
        swapped = {0: 160, 40: 200, 80: 40, 120: 0, 160: 120, 200: 80}
        nifti.write(self.folder / "moving.nii", SIZE, [float(swapped[v]) for v in self.fixed], "f", self.matrix, self.origin)
        self.succeed(self.view("pair", "--point", *self.point((17, 9, 10))))
        panels = Panels(self.folder / "pair_quality.png")
        seen = 0
        for plane in ("axial", "coronal", "sagittal"):
            for name in ("difference-before", "difference-after"):
                panel = panels.panels[name, plane]
                for index in self.block_centres(panels, panel):
                    self.assertAlmostEqual(panels.color(panel, index)[0], 127.5, delta=2, msg=f"{name}, {plane}, {index}")
                    seen += 1
        self.assertGreater(seen, 100)

    def test_initial_transform(self):
        """Before registration is after the alignment: a file that was given, or what gnr-register found itself."""
        u = self.physical(SHIFT)
        transform = ("#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
                     "Parameters: 1 0 0 0 1 0 0 0 1 %g %g %g\nFixedParameters: 0 0 0\n" % u)
        (self.folder / "t.tfm").write_text(transform)
        panels = self.make(arguments=("--point", *self.point((17, 9, 10))),
                           options=("--normalization", "none", "--initial-transform", "t.tfm"))
        seen = 0
        for name in ("moving", "warped"):  # there is no displacement
            panel = panels.panels[name, "axial"]
            for index in self.block_centres(panels, panel):
                self.assertAlmostEqual(panels.color(panel, index)[0], 255 * self.warped(index) / 200, delta=1.01)
                seen += 1
        self.assertGreater(seen, 20)
        about = json.loads((self.folder / "pair_report.json").read_text())
        about["inputs"]["initialTransform"], about["alignment"] = "affine", {"method": "affine"}
        (self.folder / "pair_report.json").write_text(json.dumps(about))
        (self.folder / "t.tfm").rename(self.folder / "pair_initial.tfm")
        self.succeed(self.view("pair", "-o", "found.png", "--point", *self.point((17, 9, 10))))
        self.assertEqual((self.folder / "found.png").read_bytes(), (self.folder / "pair_quality.png").read_bytes())
        # A matrix of FLIRT is in that file, too; reports from before do not know of it.
        self.assertIsNone(about["inputs"].pop("fslImages"))
        (self.folder / "pair_report.json").write_text(json.dumps(about))
        self.succeed(self.view("pair", "-o", "earlier.png", "--point", *self.point((17, 9, 10))))
        about["inputs"].update(initialTransform="m.mat", fslImages=["fixed.nii.gz", "moving.nii.gz"])
        about["alignment"] = None
        (self.folder / "pair_report.json").write_text(json.dumps(about))
        self.succeed(self.view("pair", "-o", "flirt.png", "--point", *self.point((17, 9, 10))))
        for name in ("earlier.png", "flirt.png"):
            self.assertEqual((self.folder / name).read_bytes(), (self.folder / "pair_quality.png").read_bytes(), name)

    def test_shape_and_letters(self):
        """Panels keep the proportions of the object; radiologists see the right side on the left."""
        for neurological in (False, True):
            for matrix in (TURNED, rotated(35, (2, 2, 3))):
                panels = self.make(matrix, arguments=["--neurological"] if neurological else [])
                size = panels.about["region"]["size"]
                self.assertEqual(size, list(SIZE), "the object fills the image")
                spacing = [math.hypot(*(matrix[r][c] for r in range(3))) for c in range(3)]
                for panel in panels.about["panels"]:
                    mm = [size[axis] * spacing[axis] for axis in panel["axes"]]
                    _, _, width, height = panel["area"]
                    self.assertLess(abs(width - height * mm[0] / mm[1]), 1.5, panel)
                    for side, (first, second) in enumerate((panel["letters"][:2], panel["letters"][2:])):
                        # Going right (down), the index grows unless flipped; its column of the matrix is the direction.
                        axis = panel["axes"][side]
                        sign = -1 if panel["flipped"][side] else 1
                        toward = [sign * matrix[r][axis] / spacing[axis] for r in range(3)]
                        order = sorted(range(3), key=lambda r: -abs(toward[r]))
                        letters = [LETTERS[r][0 if toward[r] > 0 else 1] for r in order if abs(toward[r]) > 0.35]
                        self.assertEqual(second, "".join(letters))
                        opposite = dict(zip("LRPASI", "RLAPIS"))
                        self.assertEqual(first, "".join(opposite[c] for c in letters))
                    expected = {"axial": ("R", "A"), "coronal": ("R", "S"), "sagittal": ("A", "S")}[panel["plane"]]
                    left = panel["letters"][0][0]
                    if neurological and panel["plane"] != "sagittal":
                        left = {"L": "R", "R": "L"}[left]
                    self.assertEqual((left, panel["letters"][2][0]), expected)

    def test_panels_differ(self):
        """The checkerboard takes each pixel from one of its two images; no panel is blank."""
        panels = self.shifted(arguments=("--point", *self.point((17, 9, 10))))
        for plane in ("axial", "coronal", "sagittal"):
            inner = {}
            for name in ("fixed", "moving", "warped", "checkerboard", "difference-before", "difference-after", "grid"):
                x, y, width, height = panels.panels[name, plane]["area"]
                inner[name] = panels.picture.inside((x + 26, y + 26, width - 52, height - 52))
                self.assertGreater(len(set(inner[name])), 5, f"{name}, {plane} is blank")
            moving = inner["warped"]
            # The lines on the fixed panel have another colour, so compare where there are none.
            cells = [(c, f, w) for c, f, w in zip(inner["checkerboard"], inner["fixed"], moving)
                     if f[0] == f[1] == f[2] and abs(f[0] - w[0]) > 10]
            from_fixed = sum(c == f for c, f, _ in cells)
            from_warped = sum(c == w for c, _, w in cells)
            self.assertEqual(from_fixed + from_warped, len(cells))
            self.assertGreater(min(from_fixed, from_warped), 0.3 * len(cells))
            self.assertNotEqual(inner["moving"], inner["warped"])

    def test_grid(self):
        """A shift moves the lines by as much, the other way: they lie where x + u is a multiple of the step."""
        point = (16, 12, 10)
        panels = self.shifted(arguments=("--point", *self.point(point)))
        panel = panels.panels["grid", "coronal"]
        x0, y0, width, height = panel["area"]
        axis = panel["axes"][0]
        self.assertNotEqual(SHIFT[axis], 0)
        # A column of pixels is a line if it is yellow from top to bottom, or nearly so.
        yellow = [sum(r > b + 40 for r, _, b in panels.picture.inside((x0 + i, y0, 1, height))) / height
                  for i in range(width)]
        found = [i + 0.5 for i in range(1, width - 1) if yellow[i] > 0.7 and yellow[i] >= max(yellow[i - 1], yellow[i + 1])]
        spacing = math.hypot(*(TURNED[r][axis] for r in range(3)))
        pixels = width / SIZE[axis]
        step = panels.about["gridStepMm"] / spacing * pixels
        start = panels.position(panel, tuple(p - s for p, s in zip(point, SHIFT)))[0] % step
        expected = [start + k * step for k in range(int(width / step) + 1) if 4 < start + k * step < width - 4]
        self.assertGreater(len(expected), 5)
        for place in expected:
            self.assertLess(min(abs(place - f) for f in found), 1.01, f"{place} in {found}")

    def test_determinant(self):
        """u = (A - I)(x - c) has det A everywhere: the shade, read off the bar, says so."""
        factors = (1.5, 0.8, 1.1)
        for angle in (0, 30):
            matrix = rotated(angle, (2.0, 1.0, 1.5))
            self.matrix = matrix
            panels = self.make(matrix, lambda i: self.physical([(f - 1) * v for f, v in zip(factors, i)]))
            bar = panels.about["bars"]["determinant"]
            shades = [panels.picture.at(bar[0] + 8, bar[1] + k) for k in range(1, bar[3] - 1)]
            for plane in ("axial", "coronal", "sagittal"):
                panel = panels.panels["determinant", plane]
                low, high = (math.log(v) for v in panel["range"])
                for index in self.block_centres(panels, panel):
                    color = panels.color(panel, index)
                    k = min(range(len(shades)), key=lambda s: sum(abs(a - b) for a, b in zip(shades[s], color)))
                    value = high - (k + 1.5) / bar[3] * (high - low)
                    # The table has 256 shades, the bar one per pixel; both are finer than a hundredth of the range.
                    self.assertLess(abs(value - math.log(1.5 * 0.8 * 1.1)), 0.01 * (high - low), index)

    def test_folds_are_marked(self):
        """One voxel whose neighbours change places has det < 0 there, and only there."""
        matrix = ((1.0, 0, 0), (0, 1.0, 0), (0, 0, 1.0))
        centre = (14, 10, 9)
        self.matrix = matrix
        step = {(13, 10, 9): 1.5, (15, 10, 9): -1.5}  # mm along x: du/dx = -1.5, det = -0.5
        panels = self.make(matrix, lambda i: (step.get(i, 0.0), 0.0, 0.0), arguments=("--point", *self.point(centre)))
        for name in ("determinant", "grid"):
            for plane in ("axial", "coronal", "sagittal"):
                panel = panels.panels[name, plane]
                self.assertEqual(panels.color(panel, centre), FOLD, (name, plane))
                marked = panels.picture.inside(panel["area"]).count(FOLD)
                voxel = (panel["area"][2] / SIZE[panel["axes"][0]]) * (panel["area"][3] / SIZE[panel["axes"][1]])
                self.assertLess(marked, 1.5 * voxel, "one voxel")
                self.assertGreater(marked, 0.5 * voxel)
        elsewhere = self.make(matrix, lambda i: (step.get(i, 0.0), 0.0, 0.0), arguments=("--point", *self.point((2, 2, 2))))
        for panel in elsewhere.about["panels"]:
            self.assertEqual(elsewhere.picture.inside(panel["area"]).count(FOLD), 0)

    def test_largest_change(self):
        """Without --point the planes go through the block that moves most."""
        bump = lambda i: self.physical((0.0, 0.0, 1.0 if 20 <= i[0] < 26 and 4 <= i[1] < 10 and 10 <= i[2] < 16 else 0.0))
        where = self.make(displacement=bump).about["voxel"]
        for a, (low, high) in enumerate(((20, 26), (4, 10), (10, 16))):
            self.assertTrue(low <= where[a] < high, where)

    def test_empty_margin_is_cut(self):
        """The panels show the object and a little around it."""
        size = (40, 40, 40)
        box = [(10, 24), (14, 30), (8, 20)]
        data = [100.0 if all(lo <= i < hi for i, (lo, hi) in zip((x, y, z), box)) else 0.0
                for z in range(40) for y in range(40) for x in range(40)]
        for name in ("f.nii", "m.nii"):
            nifti.write(self.folder / name, size, data, "f")
        self.succeed(self.register("f.nii", "m.nii", "-o", "pair", "--iterations", "0", "--levels", "1"))
        self.succeed(self.view("pair"))
        region = Panels(self.folder / "pair_quality.png").about["region"]
        for a, (low, high) in enumerate(box):
            self.assertTrue(low - 7 < region["begin"][a] <= low, region)
            self.assertTrue(high <= region["begin"][a] + region["size"][a] < high + 7, region)

    def test_curves(self):
        """The last point of the finest grid lies where its mismatch belongs between 0 and 1."""
        heights = {}
        for last in (0.2, 0.8):
            panels = self.make()
            report = self.folder / "pair_report.json"
            about = json.loads(report.read_text())
            level = about["levels"][0]
            level["initialMismatch"], level["initialRelativeGradient"] = 1.0, 1.0
            level["iterations"] = [{"mismatch": last, "relativeGradient": 0.1 * last}]
            report.write_text(json.dumps(about))
            self.succeed(self.view("pair"))
            panels = Panels(self.folder / "pair_quality.png")
            x, y, width, height = panels.about["plots"]["mismatch"]
            dark = [(i, j) for j in range(height) for i in range(width) if panels.picture.at(x + i, y + j) == (8, 48, 107)]
            ends = [[j for i, j in dark if abs(i - end) <= 2] for end in (min(dark)[0] + 2, max(dark)[0] - 2)]
            heights[last] = [sum(e) / len(e) for e in ends]
        for (first, end), last in ((heights[v], v) for v in heights):
            self.assertAlmostEqual(first, heights[0.2][0], delta=1.5)  # 1 at the start of both
        # Linear from 0 at the bottom: the drops to 0.8 and to 0.2 are as 1 to 4.
        drop = [heights[v][1] - heights[v][0] for v in (0.8, 0.2)]
        self.assertGreater(drop[0], 20)
        self.assertAlmostEqual(drop[1] / drop[0], 4, delta=0.25)

    def test_vti(self):
        """ParaView's format: the grid with its direction, and the four arrays."""
        self.shifted(arguments=("--vti",))
        head = (self.folder / "pair.vti").read_bytes()[:4000].decode("latin-1")
        for text in ('WholeExtent="0 31 0 23 0 19"', 'Origin="11 -7 30"', 'Spacing="2 1.5 3"',
                     'Direction="-1 0 0 0 0 1 0 1 0"'):
            self.assertIn(text, head)
        for name in ("fixed", "warped", "displacement", "determinant"):
            self.assertIn(f'Name="{name}"', head)
        try:
            from vtkmodules.vtkIOXML import vtkXMLImageDataReader
        except ImportError:
            self.skipTest("no Python modules of VTK: the values were not read")
        reader = vtkXMLImageDataReader()
        reader.SetFileName(str(self.folder / "pair.vti"))
        reader.Update()
        arrays = reader.GetOutput().GetPointData()
        u = self.physical(SHIFT)
        for index in voxels()[::37]:
            self.assertEqual(arrays.GetArray("fixed").GetValue(offset(index)), self.fixed[offset(index)])
            self.assertAlmostEqual(arrays.GetArray("warped").GetValue(offset(index)), self.warped(index), 3)
            self.assertEqual(arrays.GetArray("displacement").GetTuple3(offset(index)), u)
            self.assertAlmostEqual(arrays.GetArray("determinant").GetValue(offset(index)), 1, 5)

    def test_bad_input(self):
        self.make()
        (self.folder / "folder_report.json").mkdir()
        bad = (
            (("nothing",), "nothing_report.json: no such file"),
            (("folder",), "folder_report.json: is a folder"),
            (("pair", "--point", "1000", "0", "0"), "--point: lies outside"),
            (("pair", "-o", "picture.jpg"), "does not end in .png"),
            (("pair", "--fixed", "elsewhere.nii"), "elsewhere.nii: no such file"),
        )
        for arguments, message in bad:
            result = self.view(*arguments)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(message, result.stderr)
        (self.folder / "fixed.nii").rename(self.folder / "there.nii")
        result = self.view("pair", "-o", "new.png")
        self.assertEqual(result.returncode, 2)
        self.assertIn("--fixed", result.stderr)
        self.assertFalse((self.folder / "new.png").exists())
        self.succeed(self.view("pair", "--fixed", "there.nii", "-o", "new.png"))
        nifti.write(self.folder / "other.nii", (8, 8, 8), [float(i) for i in range(512)], "f")
        result = self.view("pair", "--fixed", "other.nii")
        self.assertIn("does not lie on the grid", result.stderr)
        (self.folder / "pair_report.json").write_text('{"schema": "gnr-register report", "schemaVersion": 1}')
        self.assertIn("no complete report", self.view("pair").stderr)

    def test_no_display(self):
        """The picture needs none; the window says so."""
        display = os.environ.pop("DISPLAY", None)
        if display is not None:
            self.addCleanup(os.environ.__setitem__, "DISPLAY", display)
        self.make()
        result = self.view("pair", "--interactive")
        self.assertEqual(result.returncode, 2)
        self.assertIn("there is no display", result.stderr)

    def test_from_register(self):
        data = [float((x // 4 + y // 4 + z // 4) % 3) for z in range(16) for y in range(16) for x in range(16)]
        nifti.write(self.folder / "f.nii", (16, 16, 16), data, "f")
        nifti.write(self.folder / "m.nii", (16, 16, 16), data[16:] + data[:16], "f")
        run = ("f.nii", "m.nii", "-o", "out/pair", "--picture")
        if not os.environ.get("GNR_VIEW"):
            self.skipTest("gnr-view was not built: no VTK")
        result = self.succeed(self.register(*run))
        self.assertEqual(result.stdout.splitlines()[-1].strip(), "out/pair_quality.png")
        self.assertGreater(png.Picture(self.folder / "out/pair_quality.png").width, 1000)
        self.assertEqual(self.succeed(self.register(*run, "--quiet")).stdout, "")
        report = json.loads((self.folder / "out/pair_report.json").read_text())
        self.assertEqual([m for m in report["messages"] if not m.startswith("similarity ")], [])
        self.assertEqual(report["files"], ["out/pair_displacement.nii.gz", "out/pair_warped.nii.gz", "out/pair_quality.png",
                                           "out/pair_report.json"])
        self.assertEqual(self.files(), sorted([*report["files"], "f.nii", "m.nii", "out"]), "all of them, and nothing else")
        # A run without a picture leaves that of another result behind, and says so; --vti is never of this run.
        (self.folder / "out/pair.vti").write_text("")
        result = self.succeed(self.register(*run[:-1]))
        for name in ("out/pair_quality.png", "out/pair.vti"):
            self.assertIn(f"{name} is left from an earlier run", result.stdout)

    def test_after_an_alignment(self):
        """Cubes beside each other until gnr-register aligns them: then both panels agree before the deformation."""
        data = [200.0 if all(4 <= i < 12 for i in (x, y, z)) else 0.0
                for z in range(16) for y in range(16) for x in range(16)]
        matrix = ((2.0, 0, 0), (0, 2.0, 0), (0, 0, 2.0))
        nifti.write(self.folder / "f.nii", (16, 16, 16), data, "f", matrix, (0, 0, 0))
        nifti.write(self.folder / "m.nii", (16, 16, 16), data, "f", matrix, (20, 0, 0))
        if not os.environ.get("GNR_VIEW"):
            self.skipTest("gnr-view was not built: no VTK")
        for word, shown in (("moments", 255), ("identity", 0)):
            run = self.register("f.nii", "m.nii", "-o", "pair", "--picture", "--initial-transform", word, "--normalization",
                                "none", "--iterations", 0, "--levels", 1)
            self.succeed(run)
            panels = Panels(self.folder / "pair_quality.png")
            seen = 0
            for plane in ("axial", "coronal", "sagittal"):
                fixed = panels.panels["fixed", plane]
                voxel = list(panels.about["voxel"])
                self.assertTrue(all(5 <= i <= 10 for i in voxel), voxel)
                for axis in fixed["axes"]:
                    voxel[axis] = 6 if voxel[axis] > 7 else 9  # the lines where the planes meet are elsewhere
                self.assertEqual(panels.color(fixed, voxel)[0], 255)
                for name in ("moving", "warped"):
                    self.assertAlmostEqual(panels.color(panels.panels[name, plane], voxel)[0], shown, delta=1)
                    seen += 1
            self.assertEqual(seen, 6)

    def test_register_without_gnr_view(self):
        """Said before any work, with the remedy."""
        (self.folder / "bin").mkdir()
        alone = self.folder / "bin" / "gnr-register"
        shutil.copy2(support.program("GNR_REGISTER"), alone)
        result = self.call(alone, "f.nii", "m.nii", "-o", "pair", "--picture")
        self.assertEqual(result.returncode, 2)
        self.assertIn("libvtk9-dev", result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(self.files(), ["bin", "bin/gnr-register"])

    def test_gnr_view_fails(self):
        """The exit code is its own, the results stay, and a picture of another result is not taken for theirs."""
        (self.folder / "bin").mkdir()
        program = self.folder / "bin" / "gnr-register"
        shutil.copy2(support.program("GNR_REGISTER"), program)
        view = self.folder / "bin" / "gnr-view"
        view.write_text("#!/bin/sh\necho 'gnr-view: error: broken' >&2\nexit 3\n")
        view.chmod(0o755)
        data = [float((x // 4 + y // 4 + z // 4) % 3) for z in range(16) for y in range(16) for x in range(16)]
        nifti.write(self.folder / "f.nii", (16, 16, 16), data, "f")
        nifti.write(self.folder / "m.nii", (16, 16, 16), data[16:] + data[:16], "f")
        for stale in (False, True):
            if stale:
                (self.folder / "pair_quality.png").write_text("old")
            result = self.call(program, "f.nii", "m.nii", "-o", "pair", "--picture", "--iterations", 1)
            self.assertEqual(result.returncode, 3)
            self.assertIn("gnr-view: error: broken\ngnr-register: error: --picture: gnr-view drew no picture", result.stderr)
            self.assertEqual("pair_quality.png is left from an earlier run" in result.stderr, stale)
            names = ["pair_displacement.nii.gz", "pair_warped.nii.gz", "pair_report.json"]
            for name in names:
                self.assertTrue((self.folder / name).exists(), name)
            self.assertEqual(json.loads((self.folder / "pair_report.json").read_text())["files"], names, "no picture is named")

    def test_time(self):
        """Under 10 s of processor time for 256 x 300 x 256."""
        data = support.extra_data("nirep_full")
        if not os.environ.get("GNR_VIEW"):
            self.skipTest("gnr-view was not built: no VTK")
        self.succeed(self.register(data / "na01.nii.gz", data / "na02.nii.gz", "-o", "full", "--preset", "fast",
                                   "--iterations", "0"))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.succeed(self.view("full"))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertLess(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 10)


if __name__ == "__main__":
    support.main()
