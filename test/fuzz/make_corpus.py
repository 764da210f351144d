#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the files from which the fuzz targets begin, a folder for each target: make_corpus.py FOLDER"""
import gzip
import json
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import nifti  # noqa: E402

SIZE = (3, 4, 5)
COUNT = 60
MATRIX = ((0.8, -0.6, 0.0), (0.6, 0.8, 0.0), (0.0, 0.0, -1.25))


def images(folder):
    for code in "BhHifd":
        nifti.write(folder / f"nifti/{code}.nii", SIZE, [v % 7 for v in range(COUNT)], code, MATRIX, (1, -2, 3))
    nifti.write(folder / "nifti/field.nii", SIZE, [[0.5] * COUNT] * 3, "f", MATRIX)
    nifti.write(folder / "nifti/series.nii", (*SIZE, 2), [1.0] * (2 * COUNT), "f", MATRIX)
    raw = bytearray((folder / "nifti/h.nii").read_bytes())
    struct.pack_into("<2f", raw, 112, 0.5, -3.0)  # slope and intercept
    struct.pack_into("<2h", raw, 252, 1, 0)  # a qform
    struct.pack_into("<3f", raw, 256, 0.1, 0.2, 0.3)
    (folder / "nifti/slope.nii").write_bytes(raw)
    for name in ("h", "field"):
        text = (folder / f"nifti/{name}.nii").read_bytes()
        (folder / f"gzip/{name}.nii.gz").write_bytes(gzip.compress(text, 9, mtime=0))
    stored = gzip.compress((folder / "nifti/B.nii").read_bytes(), 0, mtime=0)
    (folder / "gzip/stored.nii.gz").write_bytes(stored)
    (folder / "gzip/two.gz").write_bytes(gzip.compress(b"a", 9, mtime=0) + gzip.compress(b"b", 9, mtime=0))
    for kind, code in (("short", "h"), ("float", "f"), ("uchar", "B")):
        body = struct.pack(f"<{COUNT}{code}", *(v % 5 for v in range(COUNT)))
        head = (f"NRRD0004\ntype: {kind}\ndimension: 3\nspace: left-posterior-superior\nsizes: 3 4 5\n"
                "space directions: (1,0,0) (0,1,0) (0,0,2)\nkinds: domain domain domain\nendian: little\n")
        origin = "space origin: (1,2,3)\n\n"
        (folder / f"nrrd/{kind}.nrrd").write_bytes((head + "encoding: raw\n" + origin).encode() + body)
        (folder / f"nrrd/{kind}_gz.nrrd").write_bytes((head + "encoding: gzip\n" + origin).encode() + gzip.compress(body))
        text = " ".join(str(v % 5) for v in range(COUNT))
        (folder / f"nrrd/{kind}_text.nrrd").write_bytes((head + "encoding: text\n" + origin + text).encode())
        met = {"h": "SHORT", "f": "FLOAT", "B": "UCHAR"}[code]
        meta = (f"ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = False\n"
                "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 1 2 3\nElementSpacing = 1 1 2\nDimSize = 3 4 5\n"
                f"ElementType = MET_{met}\nElementDataFile = LOCAL\n")
        (folder / f"metaimage/{kind}.mha").write_bytes(meta.encode() + body)


def texts(folder):
    (folder / "points/a.csv").write_text('x,y,z,name\n1,2,3,"a,b"\n,,,none\n-4.5,1e3,0,c\n')
    (folder / "points/b.csv").write_text("id;x;y;z\n1;2;3;4\n")
    (folder / "points/c.tsv").write_text("x\ty\tz\n1\t2\t3\n")
    (folder / "points/d.fcsv").write_text(
        "# Markups fiducial file version = 4.11\n# CoordinateSystem = LPS\n"
        "# columns = id,x,y,z,ow,ox,oy,oz,vis,sel,lock,label,desc,associatedNodeID\n1,2,3,4,0,0,0,1,1,1,0,F-1,,\n")
    (folder / "points/e.fcsv").write_text("L,1,2,3,1,1\n")
    markup = {"type": "Fiducial", "coordinateSystem": "RAS", "coordinateUnits": "mm", "controlPoints": [
        {"id": "1", "label": "F-1", "position": [1.5, -2, 3], "positionStatus": "defined"},
        {"label": "F-2", "positionStatus": "undefined"}], "measurements": []}
    (folder / "points/f.mrk.json").write_text(json.dumps({"@schema": "s", "markups": [markup]}))
    head = "#Insight Transform File V1.0\n#Transform 0\n"
    affine = "Parameters: 1 0 0 0 1 0 0 0 1 4 5 6\nFixedParameters: 0 0 0\n"
    (folder / "transforms/a.tfm").write_text(head + "Transform: AffineTransform_double_3_3\n" + affine)
    (folder / "transforms/b.tfm").write_text(head + "Transform: MatrixOffsetTransformBase_float_3_3\n" + affine)
    (folder / "transforms/c.tfm").write_text(
        head + "Transform: Euler3DTransform_double_3_3\nParameters: 0.1 0 0 1 2 3\nFixedParameters: 0 0 0 0\n"
        "#Transform 1\nTransform: TranslationTransform_double_3_3\nParameters: 1 2 3\nFixedParameters:\n")
    (folder / "transforms/d.tfm").write_text(
        head + "Transform: BSplineTransform_double_3_3\nParameters: " + "0 " * 192 +
        "\nFixedParameters: 4 4 4 0 0 0 1 1 1 1 0 0 0 1 0 0 0 1\n")
    matrix = struct.pack("<5i", 0, 12, 1, 0, 27) + b"AffineTransform_double_3_3\0" + struct.pack("<12d", *[1.0] * 12)
    fixed = struct.pack("<5i", 0, 3, 1, 0, 6) + b"fixed\0" + struct.pack("<3d", 0, 0, 0)
    (folder / "transforms/e.mat").write_bytes(matrix + fixed)
    (folder / "transforms/f.mat").write_text("1 0 0 2\n0 1 0 3\n0 0 1 4\n0 0 0 1\n")
    values = {"EulerTransform": "0.1 0.2 0.3 1 2 3", "AffineTransform": "1 0 0 0 1 0 0 0 1 4 5 6",
              "SimilarityTransform": "0.1 0 0 1 2 3 1.1", "TranslationTransform": "1 2 3",
              "BSplineTransform": " ".join(["0.5"] * 192)}
    for kind, numbers in values.items():
        (folder / f"transforms/{kind}.txt").write_text(
            f'// elastix\n(Transform "{kind}")\n(TransformParameters {numbers})\n(CenterOfRotationPoint 1 2 3)\n'
            '(InitialTransformParametersFileName "NoInitialTransform")\n(HowToCombineTransforms "Compose")\n'
            "(GridSize 4 4 4)\n(GridSpacing 1 1 1)\n(GridOrigin 0 0 0)\n(GridDirection 1 0 0 0 1 0 0 0 1)\n")


def report(folder):
    image = {"file": "f.nii", "size": [3, 4, 5], "spacingMm": [1, 1, 1], "type": "short"}
    step = {"iteration": 1, "objective": 1.0, "mismatch": 0.5, "relativeGradient": 0.1}
    level = {"level": 1, "grid": {"size": [3, 4, 5], "spacingMm": [1, 1, 1]}, "beta": 1e-3, "initialMismatch": 1.0,
             "initialRelativeGradient": 1.0, "initialObjective": 2.0, "iterations": [step, step]}
    result = {"beta": 1e-3, "mismatch": 0.3, "determinant": {"minimum": 0.5, "maximum": 2.0, "mean": 1.0},
              "foldedVoxels": 0, "maximumDisplacementMm": 3.0, "newtonSteps": 2, "hessianProducts": 7,
              "stopReason": "gradient-tolerance", "stopDescription": "small", "similarity": "ssd"}
    whole = {"schema": "gnr-register report", "schemaVersion": 1, "versions": {"gnr-register": "0", "ITK": "5"},
             "inputs": {"fixed": image, "moving": image, "fixedMask": None, "movingMask": None, "initialTransform": None,
                        "fslImages": None, "initialVelocity": None},
             "options": {"regularization": "h2", "gamma": 0.1, "incompressible": False, "normalization": "percentiles",
                         "gradientTolerance": 0.05, "preset": "default"},
             "alignment": None, "machine": {"device": "CPU", "threads": 2, "processes": 1}, "levels": [level, level],
             "solverGrid": {"size": [8, 8, 8], "spacingMm": [1, 1, 1]}, "result": result,
             "time": {"wallSeconds": 1.0, "cpuSeconds": 2.0, "phases": []}, "memory": {"peakBytes": 1000}, "messages": []}
    (folder / "report/a.json").write_text(json.dumps(whole))


def messages(folder):
    for word, body in ((6, b""), (8, struct.pack("<2Q", 3, 0) + b"abc"), (11, bytes(8) + struct.pack("<Q", 2) + b"no"),
                       (9, bytes(700))):
        (folder / f"messages/{word}").write_bytes(struct.pack("<IIQ", word, 0, len(body)) + body)


if __name__ == "__main__":
    root = Path(sys.argv[1])
    for target in ("nifti", "nrrd", "metaimage", "gzip", "points", "transforms", "report", "messages"):
        (root / target).mkdir(parents=True, exist_ok=True)
    images(root)
    texts(root)
    report(root)
    messages(root)
