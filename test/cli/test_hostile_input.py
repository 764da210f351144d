#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Headers that are damaged, contradict themselves or promise what is not there: refused before a library parses them, by
exit code 2 and one sentence that names the file. And unusual files that are right. (ctest: skip code 77)"""
import array
import gzip
import json
import math
import os
import shutil
import struct
import subprocess
import time
from pathlib import Path

import metaimage
import nifti
import support

SIZE = (16, 14, 12)
COUNT = SIZE[0] * SIZE[1] * SIZE[2]
IDENTITY = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


def phantom(shift=0.0):
    return [100.0 + 80.0 * math.sin(0.5 * x + shift) * math.cos(0.6 * y) * math.sin(0.7 * z + 1)
            for z in range(SIZE[2]) for y in range(SIZE[1]) for x in range(SIZE[0])]


class Hostile(support.CommandLineTest):
    quick = ("-o", "out", "--iterations", 0, "--levels", 1, "--quiet")

    def setUp(self):
        super().setUp()
        self.values = phantom()
        self.image("fixed.nii")
        self.image("moving.nii", phantom(0.3))
        self.header = (self.folder / "fixed.nii").read_bytes()

    def image(self, name, values=None, **keywords):
        nifti.write(self.folder / name, SIZE, values or self.values, "f", **keywords)
        return name

    def patched(self, name, *changes, source=None):
        """A copy of a NIfTI file with numbers of the header changed: (place, format, values...)."""
        raw = bytearray(source or self.header)
        for place, form, *values in changes:
            struct.pack_into("<" + form, raw, place, *values)
        (self.folder / name).write_bytes(gzip.compress(bytes(raw)) if name.lower().endswith(".gz") else raw)
        return name

    def refused(self, name, *says, file=None):
        """As moving image; within seconds, in less memory than a program takes that believes the header."""
        before = self.files()
        start = time.monotonic()
        result = self.call("bash", "-c", 'ulimit -v 4000000; exec "$@"', "bash", support.program("GNR_REGISTER"), "fixed.nii",
                           name, *self.quick)
        self.assertLess(time.monotonic() - start, 20.0)
        self.assertEqual(result.returncode, 2, (name, result.returncode, result.stdout, result.stderr))
        self.assertTrue(result.stderr.startswith(f"gnr-register: error: {file or name}: "), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        for words in says:
            self.assertIn(words, result.stderr)
        self.assertEqual(self.files(), before)

    def accepted(self, name):
        self.succeed(self.register("fixed.nii", name, *self.quick))


class Nifti(Hostile):
    def test_numbers_that_are_none(self):
        sform = [(280 + 16 * r, "4f", *(1.0 if c == r else 0.0 for c in range(4))) for r in range(3)]
        for name, says, *changes in (
                ("nan.nii", "nan in its sform", *sform, (280, "f", math.nan)),
                ("far.nii.gz", "1.70141e+38 in its sform", *sform, (308, "f", 1.7014118346046923e38)),
                ("flat.nii", "in one plane", *sform, (280, "4f", 1, 1, 0, 0), (296, "4f", 1, 1, 0, 0)),
                ("short.nii", "no length", *sform, (280, "f", 0.0)),
                ("offset.nii", "as an offset of its qform", (252, "2h", 1, 0), (268, "f", math.inf)),
                ("quaternion.nii", "is no rotation", (252, "2h", 1, 0), (256, "3f", 0.9, 0.9, 0.9)),
                ("spacing.nii", "the spacing 0 along axis 2", (84, "f", 0.0)),
                ("negative.nii", "the spacing -1 along axis 1", (80, "f", -1.0)),
                ("slope.nii", "scales the voxels by inf", (112, "f", math.inf)),
                ("unit.nii", "unsettled unit", (123, "B", 7)),
                ("type.nii", "datatype 1536", (70, "h", 1536)),
                ("axes.nii", "32000 axes", (40, "h", 32000)),
                ("none.nii", "0 voxels along axis 2", (44, "h", 0)),
                ("begin.nii", "begin at byte", (108, "f", 3e38))):
            with self.subTest(name):
                self.refused(self.patched(name, *changes), says)

    def test_sizes_that_are_not_there(self):
        self.refused(self.patched("huge.nii", (40, "8h", 3, 32767, 32767, 32767, 1, 1, 1, 1)), "truncated")
        self.refused(self.patched("huge.nii.gz", (40, "8h", 3, 32767, 32767, 32767, 1, 1, 1, 1)), "cannot hold")
        self.refused(self.patched("second.nii", (0, "i", 540)), "known format")

    def test_a_small_file_that_unfolds(self):
        """8 GB of zeros after the voxels take some minutes and, without a bound, 8 GB."""
        with gzip.open(self.folder / "bomb.nii.gz", "wb", 1) as stream:
            stream.write(self.header)
            for _ in range(64):
                stream.write(bytes(1 << 20))
        self.refused("bomb.nii.gz", "more than the")

    def test_truncated_whatever_the_name(self):
        whole = gzip.compress(self.header)
        for name in ("SHORT.NII.GZ", "short.nii.GZ", "Short.Nii.gz"):
            (self.folder / name).write_bytes(whole[:len(whole) // 2])
            self.refused(name, "truncated")
        (self.folder / "SHORT.NII").write_bytes(self.header[:-400])
        self.refused("SHORT.NII", "truncated")
        (self.folder / "WHOLE.NII.GZ").write_bytes(whole)
        self.accepted("WHOLE.NII.GZ")

    def test_pairs_of_files(self):
        raw = bytearray(self.header)
        raw[344:348] = b"ni1\0"
        struct.pack_into("<f", raw, 108, 0.0)
        for header, voxels in (("a.hdr", "a.img"), ("B.HDR", "B.IMG")):
            (self.folder / header).write_bytes(raw[:348])
            (self.folder / voxels).write_bytes(raw[352:])
            self.accepted(header)
            self.accepted(voxels)
            (self.folder / voxels).write_bytes(raw[352:-8])
            self.refused(header, f"truncated ({4 * COUNT - 8} bytes of {4 * COUNT})", file=voxels)
            (self.folder / voxels).unlink()
            self.refused(header, "no such file", file=voxels)
        (self.folder / "c.hdr.gz").write_bytes(gzip.compress(bytes(raw[:348])))
        (self.folder / "c.img.gz").write_bytes(gzip.compress(bytes(raw[352:])))
        self.accepted("c.hdr.gz")
        values = nifti.read(self.folder / "out_warped.nii.gz").data
        self.assertLess(max(abs(a - b) for a, b in zip(values, self.values)), 1e-4, "the moving image as it is")
        (self.folder / "c.img.gz").write_bytes((self.folder / "c.img.gz").read_bytes()[:-9])
        self.refused("c.img.gz", "truncated")

    def test_units(self):
        """In micrometres and metres: the same image, the same results, and no conflict where there is none."""
        self.image("mm.nii", matrix=((2, 0, 0), (0, 2, 0), (0, 0, 2)), origin=(10, 20, 30))
        reference = (self.folder / "mm.nii").read_bytes()
        for name, code, factor in (("um.nii", 3, 1e3), ("m.nii", 1, 1e-3)):
            rows = struct.unpack_from("<12f", reference, 280)
            rows = [factor * v for v in rows]
            # The same as qform: half a turn about z, since x and y of the file point to the right and to the front.
            self.patched(name, (123, "B", code), (80, "3f", *([2 * factor] * 3)), (252, "2h", 1, 1), (280, "12f", *rows),
                         (256, "6f", 0, 0, 1, rows[3], rows[7], rows[11]), source=reference)
            run = self.succeed(self.register(name, "mm.nii", "-o", "u", "--iterations", 0, "--levels", 1))
            self.assertNotIn("two places", run.stdout)
            report = json.loads((self.folder / "u_report.json").read_text())
            for spacing in report["inputs"]["fixed"]["spacingMm"]:
                self.assertAlmostEqual(spacing, 2.0, delta=1e-6)
            warped = nifti.read(self.folder / "u_warped.nii.gz")
            for found, expected in zip(warped.point(15, 13, 11), (10 + 30, 20 + 26, 30 + 22)):
                self.assertAlmostEqual(found, expected, delta=1e-4)
            self.assertLess(max(abs(a - b) for a, b in zip(warped.data, self.values)), 1e-3)
            # A micrometre apart is nothing, a millimetre is something.
            self.patched(name, (268, "f", rows[3] + factor), source=(self.folder / name).read_bytes())
            run = self.succeed(self.register(name, "mm.nii", "-o", "u", "--iterations", 0, "--levels", 1))
            self.assertIn("up to 1 mm apart", run.stdout)

    def test_left_handed(self):
        """pixdim[0] is -1, or 0, which stands for 1: both orientations agree, and no conflict is told."""
        for name, handedness, z in (("left.nii", -1.0, -2.0), ("zero.nii", 0.0, 2.0)):
            self.patched(name, (252, "2h", 1, 1), (76, "4f", handedness, 2, 2, 2), (256, "6f", 0, 0, 0, -5, -6, 7),
                         (280, "12f", 2, 0, 0, -5, 0, 2, 0, -6, 0, 0, z, 7))
            run = self.succeed(self.register(name, name, "-o", "h", "--iterations", 0, "--levels", 1))
            self.assertNotIn("two places", run.stdout)
            messages = json.loads((self.folder / "h_report.json").read_text())["messages"]
            self.assertEqual([m for m in messages if not m.startswith("similarity ")], [])
            warped = nifti.read(self.folder / "h_warped.nii.gz")
            for found, expected in zip(warped.point(1, 1, 1), (5 - 2, 6 - 2, 7 + z)):
                self.assertAlmostEqual(found, expected, delta=1e-4)

    def test_two_lengths_of_a_voxel(self):
        run = self.succeed(self.register(self.patched("long.nii", (80, "f", 1.5)), "moving.nii", "-o", "l", "--iterations", 0,
                                         "--levels", 1))
        self.assertIn("two lengths along axis 1, 1 mm by its sform, which is taken here, and 1.5 mm by pixdim", run.stdout)

    def test_pipes(self):
        os.mkfifo(self.folder / "pipe.nii.gz")
        self.refused("pipe.nii.gz", "is a pipe or a device")

    def test_a_grid_needs_no_voxels(self):
        """A reference of which only the grid is used may be a series, or hold values that are not numbers."""
        nifti.write(self.folder / "u.nii", SIZE, [[0.5] * COUNT, [0.0] * COUNT, [0.0] * COUNT], "f")
        nifti.write(self.folder / "series.nii", (*SIZE, 2), self.values * 2, "f")
        self.image("nan.nii", [math.nan] * COUNT)
        for name in ("series.nii", "nan.nii"):
            self.succeed(self.apply("--displacement", "u.nii", "-i", "moving.nii", "-o", "w.nii", "--reference", name, "--quiet"))
            self.assertEqual(nifti.read(self.folder / "w.nii").size, SIZE)


class Vectors(Hostile):
    """Points that go with a field tell what was read of it."""

    def setUp(self):
        super().setUp()
        (self.folder / "p.csv").write_text("x,y,z\n3,4,5\n8,9,2\n")

    def moved(self, field):
        self.succeed(self.apply("--displacement", field, "--points", "p.csv", "--points-output", "q.csv", "--quiet"))
        rows = (self.folder / "q.csv").read_text().split()[1:]
        return [float(v) for v in rows[0].split(",")]

    def field(self, name, typecode, values, *changes):
        nifti.write(self.folder / name, SIZE, [[v] * COUNT for v in values], typecode)
        return self.patched(name, *changes, source=(self.folder / name).read_bytes())

    def check(self, name, expected):
        for found, value in zip(self.moved(name), expected):
            self.assertAlmostEqual(found, value, delta=1e-4)

    def test_slopes(self):
        for name, typecode, values, slope, intercept in (
                ("a.nii", "h", (50, -100, 25), 0.01, 0.0), ("b.nii", "h", (50, -100, 25), 0.02, 0.75),
                ("c.nii", "f", (0.5, -1.0, 0.25), 2.0, 0.0), ("d.nii.gz", "B", (50, 100, 25), -0.01, 0.0),
                ("e.nii", "d", (0.5, -1.0, 0.25), 1.0, 0.5), ("f.nii", "f", (0.5, -1.0, 0.25), math.nan, math.nan),
                ("g.nii", "i", (50, -100, 25), 0.01, 0.0)):
            with self.subTest(name):
                plain = self.field("plain.nii", typecode, values, (112, "2f", slope, intercept))
                (self.folder / name).write_bytes(gzip.compress((self.folder / plain).read_bytes()) if name.endswith("gz")
                                                 else (self.folder / plain).read_bytes())
                factor, plus = (1.0, 0.0) if math.isnan(slope) else (slope, intercept)
                self.check(name, [p + factor * v + plus for p, v in zip((3, 4, 5), values)])

    def test_niftyreg(self):
        """Positions (RAS) become displacements; displacements are turned; other kinds are refused."""
        name = (328, "16s", b"NREG_TRANS")
        # Index (i, j, k) lies at (i, j, k) LPS, (-i, -j, k) RAS; everything goes to where it is 1, 2, 3 mm farther, LPS.
        positions = [[-x - 1.0 for z in range(12) for y in range(14) for x in range(16)],
                     [-y - 2.0 for z in range(12) for y in range(14) for x in range(16)],
                     [z + 3.0 for z in range(12) for y in range(14) for x in range(16)]]
        nifti.write(self.folder / "def.nii", SIZE, positions, "f")
        self.patched("def.nii", name, (56, "f", 0.0), source=(self.folder / "def.nii").read_bytes())
        self.check("def.nii", (4, 6, 8))
        self.field("disp.nii", "f", (-1.0, -2.0, 3.0), name, (56, "f", 1.0))
        self.check("disp.nii", (4, 6, 8))
        for kind in (2, 3, 4, 5, 6):
            self.field("grid.nii", "f", (0.0, 0.0, 0.0), name, (56, "f", float(kind)))
            result = self.apply("--displacement", "grid.nii", "--points", "p.csv", "--points-output", "q.csv")
            self.assertEqual(result.returncode, 2)
            self.assertIn("grid.nii: is a velocity field or a grid of control points of NiftyReg", result.stderr)

    def test_fsl(self):
        self.field("warp.nii", "f", (0.0, 0.0, 0.0), (68, "h", 2006))
        result = self.apply("--displacement", "warp.nii", "--points", "p.csv", "--points-output", "q.csv")
        self.assertEqual(result.returncode, 2)
        self.assertIn("warp.nii: is a warp of FSL", result.stderr)


class MetaImage(Hostile):
    def lines(self, **changes):
        fields = {"ObjectType": "Image", "NDims": 3, "BinaryData": "True", "BinaryDataByteOrderMSB": "False",
                  "CompressedData": "False", "TransformMatrix": "1 0 0 0 1 0 0 0 1", "Offset": "0 0 0",
                  "ElementSpacing": "1 1 1", "DimSize": "16 14 12", "HeaderSize": 0, "ElementType": "MET_FLOAT",
                  "ElementDataFile": "LOCAL", **changes}
        last = fields.pop("ElementDataFile")
        return "".join(f"{k} = {v}\n" for k, v in fields.items() if v is not None) + f"ElementDataFile = {last}\n"

    def make(self, name, body=None, **changes):
        values = array.array("f", self.values).tobytes() if body is None else body
        (self.folder / name).write_bytes(self.lines(**changes).encode() + values)
        return name

    def test_headers(self):
        self.accepted(self.make("good.mha"))
        self.make("good.mha", ElementDataFile="good.raw", body=b"")
        (self.folder / "good.mha").rename(self.folder / "good.mhd")
        (self.folder / "good.raw").write_bytes(array.array("f", self.values).tobytes())
        self.accepted("good.mhd")
        for changes, says in (
                ({"NDims": 32767}, "no whole number from 1 to 10"), ({"NDims": "nan"}, "needs numbers"),
                ({"DimSize": "16 14"}, "2 numbers in its field 'dimsize', not 3"), ({"DimSize": None}, "the size of the image"),
                ({"DimSize": "16 14 -12"}, "a size that no image has"), ({"DimSize": "16 14 1.5"}, "a size that no image has"),
                ({"DimSize": "100000 100000 100000"}, "truncated"), ({"DimSize": "1e15 1e15 1e15"}, "a size that no image has"),
                ({"ElementNumberOfChannels": 9999}, "truncated"), ({"ElementType": "MET_STRING"}, "no ElementType"),
                ({"ElementSpacing": "1 1 0"}, "the spacing 0"), ({"ElementSpacing": "1 1 inf"}, "needs numbers"),
                ({"Offset": "0 0 1e38"}, "mm away"), ({"TransformMatrix": "1 0 0 0 1 0 0 0 nan"}, "needs numbers"),
                ({"TransformMatrix": "1 0 0 0 1 0 0 0 7"}, "no cosines"), ({"HeaderSize": "1e12"}, "truncated"),
                ({"ElementDataFile": "%s%n"}, "in several files"), ({"ElementDataFile": "a%03d.raw 1 9 1"}, "in several files"),
                ({"ElementDataFile": "LIST"}, "in several files"), ({"ElementDataFile": "none.raw"}, "no such file"),
                ({"Comment": "x" * 5000}, "longer than 4000"), ({"Modality": "x" * 300}, "a word of 300 characters"),
                ({"dimsize": "1 1 1"}, "two fields 'dimsize'"), ({"DistanceUnits": "um"}, "lengths in um"),
                ({"CompressedData": "True", "CompressedDataSize": 10 ** 12}, "truncated"),
                ({"CompressedData": "True", "DimSize": "9999 9999 9999"}, "truncated")):
            with self.subTest(changes):
                self.refused(self.make("bad.mha", **changes), says,
                             file="none.raw" if "none.raw" in changes.values() else None)
        (self.folder / "noend.mha").write_text("NDims = 3\n")
        self.refused("noend.mha", "no field 'elementdatafile'")


class Nrrd(Hostile):
    def make(self, name, version="NRRD0004", body=None, **changes):
        fields = {"type": "float", "dimension": 3, "space": "left-posterior-superior", "sizes": "16 14 12",
                  "space_directions": "(1,0,0) (0,1,0) (0,0,1)", "kinds": "domain domain domain", "endian": "little",
                  "encoding": "raw", "space_origin": "(0,0,0)", **changes}
        text = version + "\n" + "".join(f"{k.replace('_', ' ')}: {v}\n" for k, v in fields.items() if v is not None) + "\n"
        (self.folder / name).write_bytes(text.encode() + (array.array("f", self.values).tobytes() if body is None else body))
        return name

    def test_headers(self):
        self.accepted(self.make("good.nrrd"))
        self.accepted(self.make("good.nrrd", encoding="gzip", body=gzip.compress(array.array("f", self.values).tobytes())))
        for changes, says in (
                ({"sizes": "16 " + "A" * 5000}, "longer than 4000"), ({"sizes": "16 " + "A" * 500}, "a word of 500 characters"),
                ({"sizes": "16 14"}, "2 numbers in its field 'sizes', not 3"), ({"sizes": "16 14 0"}, "a size that no image has"),
                ({"sizes": "1500 1500 1500"}, "truncated"), ({"sizes": "1500 1500 1500", "encoding": "gzip"}, "truncated"),
                ({"sizes": "1500 1500 1500", "encoding": "text"}, "truncated"), ({"dimension": 99}, "no whole number"),
                ({"type": "block"}, "no type"), ({"encoding": "bzip2"}, "give raw or gzip"),
                ({"space_directions": "(nan,0,0) (0,1,0) (0,0,1)"}, "not finite"),
                ({"space_directions": "(0,0,0) (0,1,0) (0,0,1)"}, "no length"), ({"space_directions": "(1,0,0)"}, "for 3 axes"),
                ({"space_origin": "(0,0,1e300)"}, "not finite"), ({"space_origin": "0 0 0"}, "or is none"),
                ({"space_units": '"um" "um" "um"'}, 'lengths in "um"'), ({"byte_skip": 10 ** 12}, "truncated"),
                ({"data_file": "%s%n"}, "in several files"), ({"data_file": "a%03d.raw 1 9 1"}, "in several files"),
                ({"version": "NRRD"}, "does not begin with NRRD")):
            with self.subTest(changes):
                self.refused(self.make("bad.nrrd", **changes), says)

    def test_axes_that_are_not_at_right_angles(self):
        """As moving image it is sampled where its header says; a result cannot lie on its grid."""
        sheared = "(1,0,0) (0.5,1,0) (0,0,1)"
        self.make("sheared.nrrd", space_directions=sheared)
        self.make("straight.nrrd")
        result = self.register("sheared.nrrd", "moving.nii", *self.quick)
        self.assertEqual(result.returncode, 2)
        self.assertIn("sheared.nrrd: its axes are not at right angles", result.stderr)
        nifti.write(self.folder / "u.nii", SIZE, [[0.0] * COUNT] * 3, "f")
        result = self.apply("--displacement", "u.nii", "-i", "moving.nii", "-o", "w.nii", "--reference", "sheared.nrrd")
        self.assertEqual(result.returncode, 2)
        self.assertIn("sheared.nrrd: its axes are not at right angles", result.stderr)
        self.succeed(self.apply("--displacement", "u.nii", "-i", "sheared.nrrd", "-o", "w.nii", "--quiet"))
        warped = nifti.read(self.folder / "w.nii").data
        at = lambda x, y, z: x + 16 * (y + 14 * z)
        # Voxel (x, y, z) of the sheared image lies at (x + y/2, y, z).
        for x, y, z in ((8, 4, 5), (9, 6, 2), (12, 10, 7)):
            self.assertAlmostEqual(warped[at(x, y, z)], self.values[at(x - y // 2, y, z)], delta=1e-3)
        # An sform of NIfTI can be sheared as well.
        self.patched("sheared.nii", (280, "4f", 1, 0.5, 0, 0))
        result = self.register("sheared.nii", "moving.nii", *self.quick)
        self.assertEqual(result.returncode, 2)
        self.assertIn("sheared.nii: its axes are not at right angles", result.stderr)


class Transforms(Hostile):
    AFFINE = "Transform: AffineTransform_double_3_3\nParameters: 1 0 0 0 1 0 0 0 1 2 3 4\nFixedParameters: 0 0 0\n"

    def transform(self, name, text):
        (self.folder / name).write_text("#Insight Transform File V1.0\n#Transform 0\n" + text)
        return name

    def refused_transform(self, name, says=""):
        result = self.register("fixed.nii", "moving.nii", *self.quick, "--initial-transform", name)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertTrue(result.stderr.startswith(f"gnr-register: error: {name}: "), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertIn(says, result.stderr)

    def test_text(self):
        spline = "Transform: BSplineTransform_double_3_3\nParameters: {}\nFixedParameters: {} 0 0 0 9 9 9 1 0 0 0 1 0 0 0 1\n"
        for name, text, says in (
                ("name.tfm", self.AFFINE.replace("double", "do:ble"), "line 3 has no name of a transform"),
                ("name.txt", spline.format(" ".join(["0"] * 192), "4 4 4").replace("double", "do:ble"), "no name of a"),
                ("other.tfm", self.AFFINE.replace("Affine", "Unknown"), ""),
                ("list.tfm", self.AFFINE.replace("Affine", "Euleer"), "of the unknown class 'EuleerTransform_double_3_3'. Give"),
                ("large.tfm", self.AFFINE.replace("2 3 4", "1e308 3 4"), "has '1e308', which no transform has"),
                ("tiny.tfm", self.AFFINE.replace("2 3 4", "1e-320 3 4"), "'1e-320' in place of a finite number"),
                ("short.tfm", self.AFFINE.replace("1 2 3 4", ""), ""),
                ("nan.tfm", self.AFFINE.replace("2 3 4", "nan 3 4"), "'nan' in place of a finite number"),
                ("word.tfm", self.AFFINE.replace("2 3 4", "2 3 4x"), "'4x' in place of a finite number"),
                ("euler.tfm", "Transform: Euler3DTransform_double_3_3\nParameters: 0.1 0 0 1\nFixedParameters: 0 0 0 0\n",
                 "Euler3DTransform_double_3_3 has 4 parameters, and 6 are needed"),
                ("huge.tfm", spline.format("0 0 0", "30000 30000 30000"), "do not fit its grid"),
                ("few.tfm", spline.format(" ".join(["0"] * 191), "4 4 4"), "do not fit its grid"),
                ("minus.tfm", spline.format(" ".join(["0"] * 192), "-4 -4 4"), "do not fit its grid")):
            with self.subTest(name):
                self.refused_transform(self.transform(name, text), says)
        (self.folder / "empty.tfm").write_text("")
        self.refused_transform("empty.tfm")
        self.succeed(self.register("fixed.nii", "moving.nii", *self.quick, "--initial-transform",
                                   self.transform("good.tfm", self.AFFINE.replace("2 3 4", "0.1 0.1 0.1"))))

    def test_hdf5(self):
        """Lengths that the library would believe: it ended with a signal, or took gigabytes."""
        for path in sorted((Path(__file__).resolve().parent.parent / "fuzz/found/hdf5").iterdir()):
            with self.subTest(path.name):
                shutil.copy(path, self.folder)
                self.refused_transform(path.name, "its HDF5 structure is damaged")

    def test_a_velocity_that_leads_out_of_the_image(self):
        nifti.write(self.folder / "far.nii", SIZE, [[1e6] * COUNT, [0.0] * COUNT, [0.0] * COUNT], "f")
        result = self.register("fixed.nii", "moving.nii", *self.quick, "--initial-velocity", "far.nii")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("farther than half of the image", result.stderr)

    def test_the_name_that_ants_and_convert3d_write(self):
        self.transform("ants.txt", self.AFFINE.replace("Affine", "MatrixOffset").replace("Transform_", "TransformBase_"))
        (self.folder / "p.csv").write_text("x,y,z\n3,4,5\n")
        self.succeed(self.apply("-t", "ants.txt", "--points", "p.csv", "--points-output", "q.csv", "--quiet"))
        self.assertEqual([float(v) for v in (self.folder / "q.csv").read_text().split()[1].split(",")], [5, 7, 9])

    def test_binary(self):
        (self.folder / "text.h5").write_text("hello")
        self.refused_transform("text.h5", "no HDF5 header")
        self.succeed(self.register("fixed.nii", "moving.nii", *self.quick, "--composite"))
        raw = (self.folder / "out_composite.h5").read_bytes()
        (self.folder / "short.h5").write_bytes(raw[:len(raw) // 2])
        self.refused_transform("short.h5")
        for at in range(200, min(len(raw), 6000), 290):  # what the library says of it, it says when the program ends, too
            (self.folder / "hit.h5").write_bytes(raw[:at] + b"\xff\x7f\xff\xff" + raw[at + 4:])
            result = self.apply("-t", "hit.h5", "-i", "moving.nii", "-o", "w.nii", "--reference", "fixed.nii", "--quiet")
            self.assertIn(result.returncode, (0, 2), result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1 if result.returncode else 0, result.stderr)
            self.assertLess(len(result.stderr), 500)
        head = struct.pack("<5i", 0, 12, 1, 0, 26)
        numbers = struct.pack("<12d", *[1.0] * 11, 1e300)
        (self.folder / "large.mat").write_bytes(head + b"AffineTransform_double_3_3" + numbers)
        self.refused_transform("large.mat", "it has a number that no transform has")
        (self.folder / "huge.mat").write_bytes(struct.pack("<5i", 0, 1 << 30, 1 << 30, 0, 26) + b"AffineTransform_double_3_3")
        self.refused_transform("huge.mat", "damaged or truncated")
        (self.folder / "short.mat").write_bytes(head + b"AffineTransform_double_3_")
        self.refused_transform("short.mat", "damaged or truncated")


class Changes(Hostile):
    """The moving image is read a second time, after the solve: it must be the one that was read before."""

    def run_and_change(self, change, name="moving.nii", rounds=20):
        process = subprocess.Popen([support.program("GNR_REGISTER"), "fixed.nii", name, "-o", "out"], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.split()[:2] == ["1", "grid"] or "grid" in line and "x" in line:  # the solver has begun
                change()
                break
        process.stdout.read()
        error = process.stderr.read()
        process.wait()
        process.stdout.close()
        process.stderr.close()
        return process.returncode, error

    def setUp(self):
        super().setUp()
        # Large enough that the solve is not over before the change.
        self.size = (40, 40, 40)
        for name, shift in (("fixed.nii", 0.0), ("moving.nii", 0.6)):
            nifti.write(self.folder / name, self.size,
                        [100.0 + 80.0 * math.sin(0.3 * x + shift) * math.cos(0.25 * y) * math.sin(0.2 * z + 1)
                         for z in range(40) for y in range(40) for x in range(40)], "f")
        self.whole = (self.folder / "moving.nii").read_bytes()

    def test_nifti(self):
        path = self.folder / "moving.nii"
        other = bytearray(self.whole)
        struct.pack_into("<f", other, 352 + 4 * 777, 3.0)
        for content, says in ((self.whole[:len(self.whole) // 2], "truncated"), (bytes(other), "has changed")):
            path.write_bytes(self.whole)
            before = self.files()
            code, error = self.run_and_change(lambda: path.write_bytes(content))
            self.assertEqual(code, 2, error)
            self.assertTrue(error.startswith("gnr-register: error: moving.nii: "), error)
            self.assertIn(says, error)
            self.assertEqual(self.files(), before, "no result")
        path.write_bytes(self.whole)
        code, error = self.run_and_change(path.unlink)
        self.assertEqual(code, 2, error)
        self.assertIn("moving.nii: no such file", error)

    def test_other_formats(self):
        values = array.array("f", self.whole[352:])
        metaimage.write(self.folder / "moving.mha", self.size, values)
        path = self.folder / "moving.mha"
        whole = path.read_bytes()
        larger = whole.replace(b"DimSize = 40 40 40", b"DimSize = 80 40 40") + bytes(4 * 40 ** 3)
        for content, says in ((whole[:-1000], "truncated"), (larger, "has changed"), (whole[:-4] + bytes(4), "has changed")):
            path.write_bytes(whole)
            code, error = self.run_and_change(lambda: path.write_bytes(content), "moving.mha")
            self.assertEqual(code, 2, error)
            self.assertTrue(error.startswith("gnr-register: error: moving.mha: "), error)
            self.assertIn(says, error)

    def test_an_equal_copy_is_no_change(self):
        path = self.folder / "moving.nii"

        def replace():
            (self.folder / "copy.nii").write_bytes(self.whole)
            (self.folder / "copy.nii").rename(path)

        code, error = self.run_and_change(replace)
        self.assertEqual((code, error), (0, ""))


class Reports(Hostile):
    def test_every_member_is_checked(self):
        self.succeed(self.register("fixed.nii", "moving.nii", *self.quick))
        whole = json.loads((self.folder / "out_report.json").read_text())
        path = self.folder / "out_report.json"
        for member, value in (
                ("inputs.moving.spacingMm", []), ("inputs.moving.spacingMm", [1, 1, "1"]), ("inputs.fixed.size", [1, 2]),
                ("inputs.fixed.size", None), ("inputs.fixed.file", 7), ("inputs", []), ("inputs.initialTransform", 3),
                ("options.gradientTolerance", 0), ("options.gradientTolerance", -1), ("options.gradientTolerance", 1e300),
                ("options.normalization", None), ("options.incompressible", "no"), ("result.mismatch", "small"),
                ("result.determinant", None), ("result.determinant.minimum", []), ("result.foldedVoxels", 1.5),
                ("levels", {}), ("levels.0.iterations", 3), ("levels.0.grid.size", []), ("levels.0.beta", "x"),
                ("levels.0.initialMismatch", None), ("time.wallSeconds", None), ("versions.gnr-register", 1)):
            with self.subTest(member=member, value=value):
                report = json.loads(json.dumps(whole))
                *parents, last = member.split(".")
                place = report
                for name in parents:
                    place = place[int(name) if name.isdigit() else name]
                place[last] = value
                path.write_text(json.dumps(report))
                result = self.view("out")
                self.assertEqual(result.returncode, 2, result.stderr)
                name = member.replace(".0.", "[0].")
                self.assertTrue(result.stderr.startswith("gnr-view: error: out_report.json: "), result.stderr)
                self.assertIn(f"member {name}", result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1)
                del place[last]
                path.write_text(json.dumps(report))
                self.assertEqual(self.view("out").returncode, 2)
        path.write_text(json.dumps(whole)[:400])
        self.assertIn("out_report.json: is no complete report", self.view("out").stderr)


if __name__ == "__main__":
    support.main()
