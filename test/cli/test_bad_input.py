#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every bad input has an exit code of 2, a message of its own that names the file, and leaves nothing behind.
(ctest: skip code 77)"""
import gzip
import math
import os
import random

import nifti
import support

SIZE = (16, 14, 12)
COUNT = SIZE[0] * SIZE[1] * SIZE[2]


class BadInput(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        chance = random.Random(1)
        self.values = [100.0 * math.sin(0.4 * (i % 16)) * math.cos(0.5 * (i // 16 % 14)) + chance.random()
                       for i in range(COUNT)]
        self.image("fixed.nii.gz")
        self.image("moving.nii.gz")
        self.ones = [1] * COUNT

    def image(self, name, values=None, size=SIZE, typecode="f", **keywords):
        nifti.write(self.folder / name, size, values or self.values, typecode, **keywords)
        return name

    def refused(self, *arguments, names, says, call=None):
        """Exit code 2, one line that names a file or option and has `says` in it, and no file more than before."""
        before = self.files()
        result = (call or self.register)(*arguments)
        self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        program = "gnr-apply" if call else "gnr-register"
        self.assertTrue(result.stderr.startswith(f"{program}: error: {names}: "), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn(says, result.stderr)
        self.assertEqual(self.files(), before)
        return result.stderr

    def refused_image(self, name, says):
        """As fixed and as moving image."""
        first = self.refused(name, "moving.nii.gz", "-o", "out", names=name, says=says)
        self.refused("fixed.nii.gz", name, "-o", "out", names=name, says=says)
        return first

    def test_missing_file(self):
        self.refused_image("nothing.nii.gz", "no such file")

    def test_masks_that_leave_nothing(self):
        left = [1 if i % 16 < 8 else 0 for i in range(COUNT)]
        self.image("left.nii.gz", left)
        self.image("right.nii.gz", [1 - value for value in left])
        text = self.refused("fixed.nii.gz", "moving.nii.gz", "-o", "out", "--fixed-mask", "left.nii.gz",
                            "--moving-mask", "right.nii.gz", names="left.nii.gz", says="no voxel counts")
        self.assertIn("right.nii.gz", text)

    def test_smoothing_that_leaves_nothing(self):
        self.refused("fixed.nii.gz", "moving.nii.gz", "-o", "out", "--smoothing", "100", names="smoothing",
                     says="fixed.nii.gz")

    def test_truncated_gzip(self):
        raw = (self.folder / "fixed.nii.gz").read_bytes()
        for length in (len(raw) // 2, len(raw) - 4, 300):
            (self.folder / "short.nii.gz").write_bytes(raw[:length])
            self.refused_image("short.nii.gz", "truncated")

    def test_damaged_gzip(self):
        raw = bytearray((self.folder / "fixed.nii.gz").read_bytes())
        raw[-6] ^= 1  # the check sum
        (self.folder / "bad.nii.gz").write_bytes(raw)
        self.refused_image("bad.nii.gz", "check sum")

    def test_whole_gzip_of_half_an_image(self):
        raw = gzip.decompress((self.folder / "fixed.nii.gz").read_bytes())
        (self.folder / "half.nii.gz").write_bytes(gzip.compress(raw[:len(raw) // 2]))
        (self.folder / "half.nii").write_bytes(raw[:len(raw) // 2])
        self.refused_image("half.nii.gz", "truncated")
        self.refused_image("half.nii", "truncated")

    def test_truncated_metaimage_and_nrrd(self):
        header = (f"ObjectType = Image\nNDims = 3\nElementSpacing = 1 1 1\nDimSize = {SIZE[0]} {SIZE[1]} {SIZE[2]}\n"
                  "ElementType = MET_UCHAR\nElementDataFile = LOCAL\n")
        (self.folder / "half.mha").write_bytes(header.encode() + bytes(COUNT // 2))
        self.refused_image("half.mha", "truncated")
        header = f"NRRD0004\ntype: uint8\ndimension: 3\nsizes: {SIZE[0]} {SIZE[1]} {SIZE[2]}\nencoding: raw\n\n"
        (self.folder / "half.nrrd").write_bytes(header.encode() + bytes(COUNT // 2))
        self.refused_image("half.nrrd", "truncated")

    def test_not_an_image(self):
        (self.folder / "text.nii.gz").write_text("hello")
        (self.folder / "text.txt").write_text("hello")
        (self.folder / "empty.nii").write_text("")
        (self.folder / "folder").mkdir()
        for name in ("text.nii.gz", "text.txt", "empty.nii"):
            self.refused_image(name, "known format")
        self.refused_image("folder", "is a folder")

    def test_two_axes(self):
        self.image("slice.nii.gz", self.values[:16 * 14], size=(16, 14))
        self.refused_image("slice.nii.gz", "2-D image (16 x 14)")

    def test_four_axes(self):
        self.image("series.nii.gz", self.values * 2, size=(*SIZE, 2))
        self.refused_image("series.nii.gz", "4-D image (16 x 14 x 12 x 2)")

    def test_vectors_and_colours(self):
        self.image("vectors.nii.gz", [self.values, self.values, self.values])
        self.image("colours.nii.gz", bytes(3 * COUNT), typecode="B", rgb=True)
        self.refused_image("vectors.nii.gz", "vector image with 3 components")
        self.refused_image("colours.nii.gz", "colour image with 3 components")

    def test_not_finite(self):
        for name, value in (("nan.nii.gz", math.nan), ("infinite.nii.gz", -math.inf)):
            self.image(name, self.values[:70] + [value] + self.values[71:])
            self.refused_image(name, "NaN or infinite")

    def test_constant(self):
        self.image("flat.nii.gz", [7.0] * COUNT)
        self.refused_image("flat.nii.gz", "every voxel has the value 7")

    def test_no_overlap(self):
        self.image("far.nii.gz", origin=(1000.0, 0.0, 0.0))
        message = self.refused("fixed.nii.gz", "far.nii.gz", "-o", "out", names="far.nii.gz", says="overlap")
        self.assertIn("fixed.nii.gz", message)
        self.assertIn("1000", message, "the boxes are named")

    def test_short_axis(self):
        self.image("thin.nii.gz", self.values[:16 * 14 * 7], size=(16, 14, 7))
        self.refused("thin.nii.gz", "moving.nii.gz", "-o", "out", names="thin.nii.gz", says="at least 8")

    def test_mask_of_another_size(self):
        self.image("mask.nii.gz", self.ones[:16 * 14 * 10], size=(16, 14, 10), typecode="B")
        for option in ("--fixed-mask", "--moving-mask"):
            self.refused("fixed.nii.gz", "moving.nii.gz", "-o", "out", option, "mask.nii.gz", names="mask.nii.gz",
                         says="[16, 14, 10] voxels")

    def test_empty_mask(self):
        self.image("mask.nii.gz", [0] * COUNT, typecode="B")
        for option in ("--fixed-mask", "--moving-mask"):
            self.refused("fixed.nii.gz", "moving.nii.gz", "-o", "out", option, "mask.nii.gz", names="mask.nii.gz",
                         says="mask is empty")

    def test_output_folder(self):
        (self.folder / "file").write_text("")
        self.refused("fixed.nii.gz", "moving.nii.gz", "-o", "no/such/pair", names="no/such", says="does not exist")
        self.refused("fixed.nii.gz", "moving.nii.gz", "-o", "file/pair", names="file", says="is a file")
        self.refused("fixed.nii.gz", "moving.nii.gz", "-o", "/proc/pair", names="/proc", says="cannot be written")
        if os.geteuid() != 0:  # root may write everywhere
            (self.folder / "locked").mkdir(mode=0o555)
            self.refused("fixed.nii.gz", "moving.nii.gz", "-o", "locked/pair", names="locked", says="cannot be written")

    def test_created_folder_goes_away_with_an_error(self):
        self.refused("nothing.nii.gz", "moving.nii.gz", "-o", "new/pair", names="nothing.nii.gz", says="no such file")

    def test_output_prefix(self):
        self.refused("fixed.nii.gz", "moving.nii.gz", "-o", "out/", names="--output", says="names a folder")
        self.refused("fixed.nii.gz", "moving.nii.gz", "-o", "out.nii.gz", names="--output", says="names one file")

    def test_options(self):
        pair = ("fixed.nii.gz", "moving.nii.gz", "-o", "out")
        self.refused(*pair, "--betta", "1", names="--betta", says="unknown option")
        self.refused(*pair, "third.nii.gz", names="third.nii.gz", says="one argument too many")
        for value in ("-1", "0", "nan", "much"):
            self.refused(*pair, "--beta", value, names="--beta", says="must be a number > 0")
        self.refused(*pair, "--gamma", "-1", names="--gamma", says="must be a number >= 0")
        self.refused(*pair, "--levels", "0", names="--levels", says="must be a whole number >= 1")
        for value in ("1e3", "99999999999", "2.5"):
            self.refused(*pair, "--iterations", value, names="--iterations", says="must be a whole number >= 0")
        self.refused(*pair, "--threads", "100000", names="--threads", says="must be a whole number from 1 to 1024")
        self.refused(*pair, "--fixed-mask", "", names="--fixed-mask", says="is empty")
        self.refused("fixed.nii.gz", "", "-o", "out", names="MOVING", says="is empty")
        self.refused(*pair, "--regularization", "h4", names="--regularization", says="must be one of h1, h2, h3")
        self.refused(*pair, "--device", "tpu", names="--device", says="must be one of auto, cpu, cuda, reference")
        self.refused("fixed.nii.gz", "-o", "out", names="MOVING", says="is missing")
        self.refused("fixed.nii.gz", "moving.nii.gz", names="--output", says="is missing")

    def test_transform(self):
        pair = ("fixed.nii.gz", "moving.nii.gz", "-o", "out", "--initial-transform")
        (self.folder / "text.tfm").write_text("hello\n")
        flat = ("#Insight Transform File V1.0\n#Transform 0\nTransform: TranslationTransform_double_2_2\nParameters: 1 0\n"
                "FixedParameters:\n")
        (self.folder / "flat.tfm").write_text(flat)
        (self.folder / "folder").mkdir()
        self.refused(*pair, "nothing.tfm", names="nothing.tfm", says="no such file")
        self.refused(*pair, "folder", names="folder", says="is a folder")
        self.refused(*pair, "text.tfm", names="text.tfm", says="not an ITK transform")
        self.refused(*pair, "flat.tfm", names="flat.tfm", says="2-D")

    def test_messages_differ(self):
        """The kinds of failure above cannot be mistaken for one another."""
        self.image("flat.nii.gz", [7.0] * COUNT)
        self.image("nan.nii.gz", [math.nan] + self.values[1:])
        self.image("thin.nii.gz", self.values[:16 * 14 * 7], size=(16, 14, 7))
        self.image("slice.nii.gz", self.values[:16 * 14], size=(16, 14))
        self.image("series.nii.gz", self.values * 2, size=(*SIZE, 2))
        messages = {name: self.register(name, "moving.nii.gz", "-o", "out").stderr.replace(name, "")
                    for name in ("none", "flat.nii.gz", "nan.nii.gz", "thin.nii.gz", "slice.nii.gz", "series.nii.gz")}
        self.assertEqual(len(set(messages.values())), len(messages), messages)


class BadInputOfApply(BadInput):
    """The same habits; images are checked by the same code, so only what is particular to gnr-apply."""

    def setUp(self):
        super().setUp()
        self.image("u.nii.gz", [[0.5] * COUNT, [0.0] * COUNT, [0.0] * COUNT])
        (self.folder / "p.csv").write_text("x,y,z,name\n3,4,5,inside\n300,4,5,outside\n")

    def refuse(self, *arguments, names, says):
        self.refused(*arguments, names=names, says=says, call=self.apply)

    def test_options(self):
        self.refuse("-i", "moving.nii.gz", "-o", "w.nii.gz", names="--displacement", says="is missing")
        self.refuse("--displacement", "u.nii.gz", names="--input", says="is missing")
        self.refuse("--displacement", "u.nii.gz", "-i", "moving.nii.gz", names="--input, --output", says="Give both")
        self.refuse("--displacement", "u.nii.gz", "--invert", "-i", "fixed.nii.gz", "-o", "w.nii.gz", names="--reference",
                    says="is missing")
        self.refuse("--displacement", "u.nii.gz", "-i", "moving.nii.gz", "-o", "w.jpg", names="w.jpg", says=".nii.gz")
        self.refuse("--displacement", "u.nii.gz", "--wrong", names="--wrong", says="unknown option")

    def test_files(self):
        image = ("-i", "moving.nii.gz", "-o", "w.nii.gz")
        self.refuse("--displacement", "fixed.nii.gz", *image, names="fixed.nii.gz", says="no vector field")
        self.refuse("--displacement", "none.nii.gz", *image, names="none.nii.gz", says="no such file")
        self.refuse("--displacement", "u.nii.gz", *image, "--interpolation", "label", names="moving.nii.gz",
                    says="not a label image")
        self.image("far.nii.gz", origin=(1000.0, 0.0, 0.0))
        self.refuse("--displacement", "u.nii.gz", "-i", "far.nii.gz", "-o", "w.nii.gz", names="far.nii.gz",
                    says="no voxel of the output")
        self.refuse("--displacement", "u.nii.gz", *image[:3], "no/such/w.nii.gz", names="no/such", says="does not exist")

    def test_vectors_of_no_image(self):
        """The solver overflowed on them (exit code 4)."""
        self.image("long.nii.gz", [[0.5] * (COUNT - 1) + [2e6], [0.0] * COUNT, [0.0] * COUNT])
        self.refuse("--displacement", "long.nii.gz", "-i", "moving.nii.gz", "-o", "w.nii.gz", names="long.nii.gz",
                    says="holds vectors that are not finite, or longer than 1e6 mm")

    def test_output_is_an_input(self):
        for name in ("moving.nii.gz", "./moving.nii.gz", "u.nii.gz"):
            before = (self.folder / name).read_bytes()
            self.refuse("--displacement", "u.nii.gz", "-i", "moving.nii.gz", "-o", name, names=name, says="is an input")
            self.assertEqual((self.folder / name).read_bytes(), before)
        self.refuse("--displacement", "u.nii.gz", "--points", "p.csv", "--points-output", "p.csv", names="p.csv",
                    says="is an input")

    def test_points(self):
        points = ("--displacement", "u.nii.gz", "--points", "p.csv", "--points-output", "q.csv")
        self.refuse(*points, names="p.csv", says="line 3 (outside the displacement field)")
        (self.folder / "folder").mkdir()
        self.refuse(*points[:2], "--points", "folder", *points[4:], names="folder", says="is a folder")
        for text, says in (("a,b,c\n1,2,3\n", "column 'x'"), ("x,y,z\n1,2\n", "line 2: has 2 columns"),
                           ("x,y,z\n1,2,far\n", "line 2: z is not a number"), ("x,y,z\n", "holds no points")):
            (self.folder / "p.csv").write_text(text)
            self.refuse(*points, names="p.csv", says=says)


for _name in [n for n in vars(BadInput) if n.startswith("test_") and n not in vars(BadInputOfApply)]:
    setattr(BadInputOfApply, _name, None)  # inherited for its helpers, not to run the same tests twice

if __name__ == "__main__":
    support.main()
