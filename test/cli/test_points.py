#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The files of points that gnr-apply reads and writes: tables, and fiducials and markups of 3D Slicer, by a map that is
known: an affine one, in LPS, which is another one in RAS. (ctest: skip code 77)"""
import csv
import json

import nifti
import support

# x -> A x + t in LPS, mm; of RAS the first two signs are turned, before and after.
MATRIX = ((1.25, 0.5, 0.0), (-0.5, 0.75, 0.25), (0.0, 0.125, 1.5))
SHIFT = (10.0, -20.0, 5.0)
POINTS = ((1.0, 2.0, 3.0), (-40.5, 12.25, 60.0), (0.0, 0.0, 0.0))


def mapped(point, ras=False):
    turn = (-1.0, -1.0, 1.0) if ras else (1.0, 1.0, 1.0)
    lps = [t * p for t, p in zip(turn, point)]
    return [turn[r] * (sum(MATRIX[r][k] * lps[k] for k in range(3)) + SHIFT[r]) for r in range(3)]


class Points(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        numbers = " ".join(str(v) for row in (*MATRIX, SHIFT) for v in row)
        (self.folder / "t.tfm").write_text(
            "#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
            f"Parameters: {numbers}\nFixedParameters: 0 0 0\n")

    def run_points(self, source, target, *arguments):
        return self.apply("-t", "t.tfm", "--points", source, "--points-output", target, *arguments)

    def convert(self, name, text, target, *arguments):
        (self.folder / name).write_text(text)
        self.succeed(self.run_points(name, target, *arguments))
        return (self.folder / target).read_text()

    def refuse(self, name, text, says, target="q.csv"):
        (self.folder / name).write_text(text)
        run = self.run_points(name, target)
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertTrue(run.stderr.startswith(f"gnr-apply: error: {name}: "), run.stderr)
        self.assertIn(says, run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        self.assertFalse((self.folder / target).exists())

    def near(self, found, expected):
        self.assertEqual(len(found), len(expected))
        for a, b in zip(found, expected):
            self.assertAlmostEqual(float(a), b, delta=6e-7)  # half of the last of 6 decimals, and rounding

    def markups(self, system, **more):
        points = [{"id": str(i + 1), "label": f"F-{i + 1}", "description": "", "associatedNodeID": "n1",
                   "position": list(p), "orientation": [-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0], "selected": True,
                   "locked": False, "visibility": True, "positionStatus": "defined"} for i, p in enumerate(POINTS)]
        markup = {"type": "Fiducial", "coordinateSystem": system, "coordinateUnits": "mm", "locked": False,
                  "controlPoints": points, "measurements": [{"name": "length", "value": 12.5}],
                  "display": {"color": [0.4, 1.0, 0.0]}, **more}
        return {"@schema": "https://example.org/markups-schema-v1.0.3.json#", "markups": [markup]}

    def test_markups_in_both_coordinate_systems(self):
        for system in ("LPS", "RAS"):
            before = self.markups(system)
            after = json.loads(self.convert("p.mrk.json", json.dumps(before), "q.mrk.json"))
            for point, start in zip(after["markups"][0]["controlPoints"], POINTS):
                self.near(point["position"], mapped(start, system == "RAS"))
                point["position"] = list(start)
            del before["markups"][0]["measurements"]  # a length of the points before
            self.assertEqual(after, before)
            self.assertEqual(list(after["markups"][0]), list(before["markups"][0]))  # in the same order, too

    def test_markups_without_a_coordinate_system_are_lps(self):
        before = self.markups("LPS")
        del before["markups"][0]["coordinateSystem"], before["markups"][0]["coordinateUnits"]
        after = json.loads(self.convert("p.mrk.json", json.dumps(before), "q.mrk.json"))
        self.near(after["markups"][0]["controlPoints"][1]["position"], mapped(POINTS[1]))

    def test_several_markups_in_a_file(self):
        before = self.markups("LPS", type="Curve")
        before["markups"] += self.markups("RAS", type="Line")["markups"]
        after = json.loads(self.convert("p.mrk.json", json.dumps(before), "q.mrk.json"))
        for markup, ras in zip(after["markups"], (False, True)):
            for point, start in zip(markup["controlPoints"], POINTS):
                self.near(point["position"], mapped(start, ras))

    def test_control_points_that_are_not_defined(self):
        before = self.markups("LPS")
        before["markups"][0]["controlPoints"][1].update(position=[0, 0, 0], positionStatus="undefined")
        self.refuse("p.mrk.json", json.dumps(before), "1 of 3 points cannot be mapped: control point 2 (is not defined)",
                    "q.mrk.json")
        run = self.run_points("p.mrk.json", "q.mrk.json", "--skip-unmapped")
        self.assertIn("1 points have no coordinates: control point 2 (is not defined)", self.succeed(run).stdout)
        after = json.loads((self.folder / "q.mrk.json").read_text())["markups"][0]["controlPoints"]
        self.assertEqual(after[1]["positionStatus"], "undefined")
        self.assertNotIn("position", after[1])
        self.near(after[2]["position"], mapped(POINTS[2]))

    def test_points_outside_of_a_field_become_undefined(self):
        nifti.write(self.folder / "u.nii", (4, 4, 4), [[1.0] * 64, [0.0] * 64, [0.0] * 64], "f")
        (self.folder / "p.mrk.json").write_text(json.dumps(self.markups("RAS")))
        self.succeed(self.apply("-t", "u.nii", "--points", "p.mrk.json", "--points-output", "q.mrk.json", "--skip-unmapped"))
        after = json.loads((self.folder / "q.mrk.json").read_text())["markups"][0]["controlPoints"]
        # The grid of the field is 0 ... 3 mm in LPS, so that (1, 2, 3) in RAS lies outside.
        self.assertEqual([p["positionStatus"] for p in after], ["undefined", "undefined", "defined"])
        self.near(after[2]["position"], [-1.0, 0.0, 0.0])

    def fcsv(self, system="RAS", note="CoordinateSystem"):
        rows = [f'vtkMRMLMarkupsFiducialNode_{i},{p[0]},{p[1]},{p[2]},0,0,0,1,1,1,0,"F,{i}",my note,vtkMRMLNode1'
                for i, p in enumerate(POINTS)]
        notes = ["# Markups fiducial file version = 4.11", f"# {note} = {system}",
                 "# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID"]
        return "\n".join(notes + rows) + "\n"

    def test_fcsv_in_both_coordinate_systems(self):
        for system, ras in (("RAS", True), ("0", True), ("LPS", False), ("1", False)):
            text = self.convert("p.fcsv", self.fcsv(system), "q.fcsv")
            lines, before = text.splitlines(), self.fcsv(system).splitlines()
            self.assertEqual(lines[:3], before[:3])
            for line, old, start in zip(lines[3:], before[3:], POINTS):
                self.near(line.split(",")[1:4], mapped(start, ras))
                self.assertEqual(line.split(",")[4:], old.split(",")[4:])
                self.assertEqual(line.split(",")[0], old.split(",")[0])
            self.assertEqual(len(lines), 6)

    def test_fcsv_without_notes_is_that_of_slicer_3(self):
        text = self.convert("p.fcsv", "".join(f"L{i},{p[0]},{p[1]},{p[2]},1,1\n" for i, p in enumerate(POINTS)), "q.fcsv")
        for i, (line, start) in enumerate(zip(text.splitlines(), POINTS)):
            self.assertEqual([line.split(",")[k] for k in (0, 4, 5)], [f"L{i}", "1", "1"])
            self.near(line.split(",")[1:4], mapped(start, ras=True))

    def test_a_kind_becomes_another(self):
        """Positions in LPS, labels and descriptions; a label with a comma, and a point that is not defined."""
        (self.folder / "p.fcsv").write_text(self.fcsv("RAS"))
        self.succeed(self.run_points("p.fcsv", "q.csv"))
        expected = [[t * v for t, v in zip((-1, -1, 1), mapped(p, ras=True))] for p in POINTS]
        with open(self.folder / "q.csv", newline="") as stream:
            rows = list(csv.DictReader(stream))
        for i, (row, point) in enumerate(zip(rows, expected)):
            self.near([row[k] for k in "xyz"], point)
            self.assertEqual((row["label"], row["description"]), (f"F,{i}", "my note"))
        self.succeed(self.run_points("p.fcsv", "q.mrk.json"))
        markup = json.loads((self.folder / "q.mrk.json").read_text())["markups"][0]
        self.assertEqual((markup["type"], markup["coordinateSystem"]), ("Fiducial", "LPS"))
        for i, (point, position) in enumerate(zip(markup["controlPoints"], expected)):
            self.near(point["position"], position)
            self.assertEqual(point["label"], f"F,{i}")
        text = "name;x;y;z\n" + "".join(f"P{i};{p[0]};{p[1]};{p[2]}\n" for i, p in enumerate(POINTS)) + "none;;;\n"
        lines = self.convert("p.csv", text, "q.fcsv", "--skip-unmapped").splitlines()
        self.assertEqual(lines[1], "# CoordinateSystem = RAS")
        self.assertEqual(len(lines), 3 + len(POINTS))  # the format has no points that are not defined
        for i, (line, point) in enumerate(zip(lines[3:], POINTS)):
            self.near(line.split(",")[1:4], [t * v for t, v in zip((-1, -1, 1), mapped(point))])
            self.assertEqual(line.split(",")[11], f"P{i}")

    def test_separators(self):
        for separator in ",;\t":
            rows = [separator.join(["name", "x", "y", "z", "note"])]
            rows += [separator.join([f"P{i}", *map(str, p), '"a,b;c\td"']) for i, p in enumerate(POINTS)]
            for target, kept in (("q.csv", "," if separator == "\t" else separator), ("q.tsv", "\t"),
                                 ("q.txt", separator)):
                self.convert("p.txt", "\n".join(rows) + "\n", target)
                with open(self.folder / target, newline="") as stream:
                    found = list(csv.DictReader(stream, delimiter=kept))
                for i, (row, start) in enumerate(zip(found, POINTS)):
                    self.assertEqual((row["name"], row["note"]), (f"P{i}", "a,b;c\td"))
                    self.near([row[k] for k in "xyz"], mapped(start))
                self.assertEqual(len(found), len(POINTS))

    def test_a_cell_with_the_new_separator_gets_quotes(self):
        text = self.convert("p.tsv", "x\ty\tz\tnote\n0\t0\t0\ta,b\n", "q.csv")
        with open(self.folder / "q.csv", newline="") as stream:
            self.assertEqual(list(csv.DictReader(stream))[0]["note"], "a,b", text)

    def test_points_without_coordinates_in_a_table(self):
        """What --skip-unmapped has written can be read again."""
        self.refuse("p.csv", "x,y,z,name\n1,2,3,a\n,,,b\n", "1 of 2 points cannot be mapped: line 3 (is not defined)")
        self.assertTrue(self.convert("p.csv", "x,y,z,name\n1,2,3,a\n,,,b\n", "q.csv", "--skip-unmapped").endswith("\n,,,b\n"))

    def test_tables_that_are_refused(self):
        decimal = "has a decimal comma: '1,5'. Write decimal points"
        self.refuse("p.csv", "x;y;z\n1,5;2;3\n", "line 2: x " + decimal)
        self.refuse("p.csv", "x\ty\tz\n1\t1,5\t3\n", "line 2: y " + decimal)
        self.refuse("p.csv", 'x,y,z\n1,2,"1,5"\n', "line 2: z has a decimal comma")
        self.refuse("p.csv", "x,y,z\n1,5,2,5,3,5\n", "line 2: has 6 columns, the header 3. Mend the line; write decimal points")
        self.refuse("p.csv", "x;y\n1;2\n", "line 1: needs exactly one column")
        self.refuse("p.csv", "x;y;z;x\n1;2;3;4\n", "line 1: needs exactly one column 'x'")
        self.refuse("p.csv", "x;y;z\n1;;3\n", "line 2: y is not a number")

    def test_fcsv_that_is_refused(self):
        self.refuse("p.fcsv", self.fcsv("IJK"), "line 2: its coordinate system is 'IJK'. Save it in RAS or LPS", "q.fcsv")
        self.refuse("p.fcsv", self.fcsv().replace(",y,", ",why,"), "line 3: names no column 'y'", "q.fcsv")
        self.refuse("p.fcsv", self.fcsv().replace("-40.5", "nan"), "line 5: x is not a number: 'nan'", "q.fcsv")
        self.refuse("p.fcsv", self.fcsv() + "# CoordinateSystem = LPS\n", "line 7: is a note below a point", "q.fcsv")
        self.refuse("p.fcsv", "# CoordinateSystem = RAS\n", "holds no points", "q.fcsv")
        self.refuse("p.fcsv", "a,1,2\n", "line 1: has 3 columns and no z", "q.fcsv")

    def test_markups_that_are_refused(self):
        def change(says, **more):
            self.refuse("p.mrk.json", json.dumps(self.markups("LPS", **more)), says, "q.mrk.json")

        change("holds a markup of type 'Plane'", type="Plane")
        change("holds a markup of type 'ROI'", type="ROI")
        change("its coordinate system is 'IJK'", coordinateSystem="IJK")
        change("its coordinates are not in mm", coordinateUnits="um")
        change("its coordinates are not in mm", coordinateUnits=["um", "UCUM", "micrometer"])
        change("a markup has no list 'controlPoints'", controlPoints=7)
        change("holds no points", controlPoints=[])
        change("control point 1 has no position of three numbers", controlPoints=[{"position": [1, 2]}])
        change("control point 1 has no position of three numbers", controlPoints=[{"position": [1, "2", 3]}])
        change("control point 1 has no position of three numbers", controlPoints=[{"label": "a"}])
        change("control point 1 is no object", controlPoints=[1])
        for text, says in (("", "is damaged"), ("{", "is damaged"), ("[]", "has no list 'markups'"),
                           ('{"markups": [3]}', "holds a markup of type ''"),
                           ("[" * 100000, "nested too deeply"),
                           ('{"markups": [{"type": "Fiducial", "controlPoints": [{"position": [1e999, 0, 0]}]}]}', "is damaged")):
            self.refuse("p.mrk.json", text, says, "q.mrk.json")


if __name__ == "__main__":
    support.main()
