#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gnr-batch: a table of pairs, of which some fail and none stops the others; called again it does what is left.
(ctest: skip code 77)"""
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import nifti
import support

SIZE = (16, 14, 12)
ROWS = 20
BROKEN = {6: "flat.nii", 13: "missing.nii"}  # the moving image of these rows


class Batch(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        self.wave("fixed.nii", 0.0)
        for row in range(ROWS):
            self.wave(f"moving{row}.nii", 0.1 + 0.03 * row)
        nifti.write(self.folder / "flat.nii", SIZE, [1.0] * (SIZE[0] * SIZE[1] * SIZE[2]), "f")

    def wave(self, name, shift):
        nifti.write(self.folder / name, SIZE, nifti.waves(SIZE, (0.5, 0.4, 0.6), shift), "f")

    def table(self, rows=ROWS, iterations=lambda row: ""):
        lines = ["fixed,moving,output,iterations,inverse"]
        for row in range(rows):
            lines.append(f"fixed.nii,{BROKEN.get(row, f'moving{row}.nii')},out{row},{iterations(row)},{'on' if row == 1 else ''}")
        (self.folder / "pairs.csv").write_text("\n".join(lines) + "\n")

    def program(self):
        return str(Path(support.program("GNR_REGISTER")).with_name("gnr-batch"))

    def batch(self, *options):
        return self.call(self.program(), "pairs.csv", *options)

    def report(self):
        return json.loads((self.folder / "pairs_report.json").read_text())

    def statuses(self):
        return [row["status"] for row in self.report()["rows"]]

    def expected(self):
        return ["failed" if row in BROKEN else "done" for row in range(ROWS)]

    def written(self):
        return {p.name: p.stat().st_mtime_ns for p in self.folder.glob("out*")}

    def end_after(self, beginning, number, code):
        """A batch is ended by a signal; again where that came too late, on a busy machine."""
        for _ in range(10):
            run = subprocess.Popen([self.program(), "pairs.csv", "--", "--threads", "1"], cwd=self.folder, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for line in run.stdout:
                if line.startswith(beginning):
                    break
            run.send_signal(number)
            _, error = run.communicate()
            if run.returncode != 1:
                break
            (self.folder / "pairs_report.json").unlink()
        self.assertEqual((run.returncode, error), (code, ""))

    def test_two_of_twenty_are_broken(self):
        self.table()
        result = self.succeed(self.batch("--", "--threads", "1", "--levels", "1"), 1)
        self.assertIn("18 done, 2 failed", result.stdout)
        self.assertEqual(self.statuses(), self.expected())
        rows = self.report()["rows"]
        for row, name in BROKEN.items():
            self.assertEqual(rows[row]["details"]["exitCode"], 2)
            self.assertIn(name, rows[row]["details"]["message"])
            self.assertIn(rows[row]["details"]["message"], result.stdout)
        self.assertEqual({p.name for p in self.folder.glob("*_displacement.nii.gz") if "inverse" not in p.name},
                         {f"out{row}_displacement.nii.gz" for row in range(ROWS) if row not in BROKEN})
        self.assertTrue((self.folder / "out1_inverse_displacement.nii.gz").exists())
        for row in set(range(ROWS)) - set(BROKEN):
            own = json.loads((self.folder / f"out{row}_report.json").read_text())
            self.assertEqual(own["options"]["levels"], 1)
            self.assertEqual(rows[row]["details"]["mismatch"], own["result"]["mismatch"])

        # Mended: what is done is not done again.
        before = self.written()
        for row, name in BROKEN.items():
            shutil.copy(self.folder / f"moving{row}.nii", self.folder / name)
        result = self.succeed(self.batch("--", "--threads", "1", "--levels", "1"))
        self.assertEqual(result.stdout.count("was done before"), 18)
        self.assertEqual(self.statuses(), ["done"] * ROWS)
        self.assertEqual({name: time for name, time in self.written().items() if name in before}, before)

    def test_rows_that_are_done_again(self):
        """Those with other options, with newer inputs, and with files that are missing."""
        def run(*options):
            result = self.succeed(self.batch("--", "--threads", "1", *options))
            return {row for row in range(5) if f"out{row}  done" in result.stdout}

        self.table(5)
        self.assertEqual(run(), {0, 1, 2, 3, 4})
        self.assertEqual(run(), set())
        (self.folder / "out2_warped.nii.gz").unlink()
        later = (self.folder / "out3_report.json").stat().st_mtime + 10
        os.utime(self.folder / "moving3.nii", (later, later))
        self.table(5, iterations=lambda row: "2" if row == 4 else "")
        self.assertEqual(run(), {2, 3, 4})
        self.assertEqual(run("--beta", "1e-2"), {0, 1, 2, 3, 4})

    def test_a_report_of_something_else_is_not_replaced(self):
        self.table(1)
        report = self.folder / "pairs_report.json"
        for text in ("nonsense", "[]", '{"rows": 3}', '{"schema": "gnr-batch report", "rows": [3]}',
                     '{"schema": "gnr-batch report", "rows": 3}', '{"schema": 7, "rows": []}'):
            with self.subTest(text):
                report.write_text(text)
                result = self.batch()
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn("pairs_report.json: is no report of gnr-batch", result.stderr)
                self.assertEqual(report.read_text(), text)
        # What is not as it was written counts as not done.
        report.write_text('{"schema": "gnr-batch report", "rows": [{"status": 5, "command": 7, "details": "x"}]}')
        self.succeed(self.batch("--", "--threads", "1"))

    def test_goes_on_after_a_kill(self):
        self.table()
        self.end_after("row 4", signal.SIGKILL, -signal.SIGKILL)
        done = self.statuses().count("done")
        self.assertGreaterEqual(done, 4)
        result = self.succeed(self.batch("--", "--threads", "1"), 1)
        self.assertGreaterEqual(result.stdout.count("was done before"), 4)
        self.assertEqual(self.statuses(), self.expected())

    def test_a_signal_ends_the_batch_and_its_row(self):
        self.table()
        self.end_after("row 2", signal.SIGTERM, 128 + signal.SIGTERM)
        self.assertNotIn("failed", self.statuses()[:6])
        self.assertIn("left", self.statuses())
        self.succeed(self.batch("--", "--threads", "1"), 1)
        self.assertEqual(self.statuses(), self.expected())

    def test_a_row_that_is_ended_goes_on_from_its_checkpoint(self):
        self.table(2)
        options = ("--checkpoint", "--", "--threads", "1", "--checkpoint-interval", "0")
        self.succeed(self.batch(*options, "--time-limit", "1e-4"), 1)
        self.assertEqual(self.statuses(), ["time-limit"] * 2)
        self.assertTrue((self.folder / "out0_checkpoint.gnr").exists())
        self.succeed(self.batch(*options))
        self.assertEqual(self.statuses(), ["done"] * 2)
        self.assertEqual(list(self.folder.glob("*_checkpoint*")), [])

    def test_tables_that_cannot_be_used(self):
        head = "fixed,moving,output\n"
        for text, words in (("", "line 1 must name one column fixed"), ("fixed,moving\n", "column output"),
                            (head, "has no pairs"), (head + "a,b\n", "line 2 has 2 cells"),
                            (head + "a,b,c\n\nd,e,c\n", "line 4 has the output of line 2"), (head + "a,,c\n", "line 2 lacks"),
                            ("fixed,moving,output,--beta\n", "a column '--beta'")):
            (self.folder / "pairs.csv").write_text(text)
            result = self.batch()
            self.assertEqual(result.returncode, 2, text)
            self.assertIn(words, result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1)
        self.assertIn("no such file", self.call(self.program(), "none.csv").stderr)

    def test_quotes(self):
        self.wave("a, \"b\".nii", 0.2)
        (self.folder / "pairs.csv").write_bytes(b'\xef\xbb\xbffixed,moving,output\r\nfixed.nii,"a, ""b"".nii",out0\r\n')
        self.succeed(self.batch("--", "--threads", "1"))
        self.assertEqual(self.statuses(), ["done"])


if __name__ == "__main__":
    support.main()
