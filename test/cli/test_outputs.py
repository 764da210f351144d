#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the programs write: never over an input, through links, all files or none, complete or not at all.
(ctest: skip code 77)"""
import gzip
import os
import resource
import shutil
import signal
import socket
import stat
import subprocess
import time
import unittest

import nifti
import support

SIZE = (20, 18, 16)
COUNT = SIZE[0] * SIZE[1] * SIZE[2]
IDENTITY = ("#Insight Transform File V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\n"
            "Parameters: 1 0 0 0 1 0 0 0 1 0 0 0\nFixedParameters: 0 0 0\n")


class Outputs(support.CommandLineTest):
    def setUp(self):
        super().setUp()
        nifti.write_wave_pair(self.folder, SIZE, (0.4, 0.5, 0.6), 0.4)
        (self.folder / "t.tfm").write_text(IDENTITY)
        (self.folder / "p.csv").write_text("x,y,z\n1,2,3\n")

    def content(self):
        return {name: (self.folder / name).read_bytes() for name in self.files() if (self.folder / name).is_file()}

    def refused(self, program, *arguments, says, code=2):
        """One sentence, and everything as it was."""
        names, before = self.files(), self.content()
        start = time.monotonic()
        run = program(*arguments)
        self.assertEqual(run.returncode, code, run.stdout + run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        self.assertIn(": error: ", run.stderr)
        self.assertIn(says, run.stderr)
        self.assertEqual(self.files(), names)
        self.assertEqual(self.content(), before)
        return run, time.monotonic() - start

    def slicer(self, *arguments):
        return self.call(support.program("GNR_SLICER"), *arguments)

    def steps(self, run):
        """Newton steps that were printed: none if it was refused before anything started."""
        return [line for line in run.stdout.splitlines() if line.split()[:2] == ["1", "1"]]


class Inputs(Outputs):
    """An output that is an input as well is refused before anything starts."""

    SAYS = "is an input as well"

    def both(self, *arguments):
        run, _ = self.refused(self.register, *arguments, says=self.SAYS)
        self.assertEqual(self.steps(run), [])

    def test_of_register(self):
        name = "pair_warped.nii.gz"
        self.succeed(self.register("fixed.nii", "moving.nii", "-o", "pair", "--velocity", "--iterations", 1))
        shutil.copy(self.folder / "t.tfm", self.folder / "pair_t.tfm")
        self.both("fixed.nii", name, "-o", "pair")
        self.both(name, "moving.nii", "-o", "pair")
        self.both("fixed.nii", "moving.nii", "-o", "pair", "--fixed-mask", name)
        self.both("fixed.nii", "moving.nii", "-o", "pair", "--moving-mask", name)
        self.both("fixed.nii", "moving.nii", "-o", "pair", "--initial-velocity", "pair_velocity.nii.gz", "--velocity")
        self.both("fixed.nii", "moving.nii", "-o", "pair", "--initial-transform", "pair_displacement.nii.gz")
        # An earlier result that this run does not write is an input like any other.
        run = self.succeed(self.register("fixed.nii", "moving.nii", "-o", "pair", "--initial-velocity",
                                         "pair_velocity.nii.gz", "--iterations", 1))
        self.assertNotIn("left from an earlier run", run.stdout)

    def test_the_initial_transform_is_no_leftover(self):
        shutil.copy(self.folder / "t.tfm", self.folder / "g_initial.tfm")
        run = self.succeed(self.register("fixed.nii", "moving.nii", "-o", "g", "--initial-transform", "g_initial.tfm",
                                         "--iterations", 1))
        self.assertNotIn("left from an earlier run", run.stdout)
        run = self.succeed(self.register("fixed.nii", "moving.nii", "-o", "g", "--iterations", 1))
        self.assertIn("g_initial.tfm is left from an earlier run", run.stdout)

    def test_through_links_and_other_spellings(self):
        os.symlink("moving.nii", self.folder / "soft_warped.nii.gz")
        os.symlink("soft_warped.nii.gz", self.folder / "twice_warped.nii.gz")
        os.link(self.folder / "moving.nii", self.folder / "hard_warped.nii.gz")
        os.symlink(".", self.folder / "here")
        shutil.copy(self.folder / "moving.nii", self.folder / "x_warped.nii.gz")
        for prefix in ("soft", "twice", "hard", "here/soft"):
            self.both("fixed.nii", "moving.nii", "-o", prefix)
        self.both("fixed.nii", "./here/x_warped.nii.gz", "-o", "x")
        # A link to an input, given as the input.
        os.symlink("x_warped.nii.gz", self.folder / "link.nii.gz")
        self.both("fixed.nii", "link.nii.gz", "-o", "x")

    def test_of_apply(self):
        self.succeed(self.register("fixed.nii", "moving.nii", "-o", "pair", "--inverse", "--iterations", 1))
        u, w = "pair_displacement.nii.gz", "pair_inverse_displacement.nii.gz"
        warp = lambda *more: self.refused(self.apply, *more, says=self.SAYS)
        warp("--displacement", u, "-i", "moving.nii", "-o", "moving.nii")
        warp("--displacement", u, "-i", "moving.nii", "-o", u)
        warp("-t", u, "-i", "moving.nii", "-o", u)
        warp("-t", f"inverse:{u}", "-i", "moving.nii", "-o", u, "--reference", "fixed.nii")
        warp("-t", u, "--jacobian", u)
        warp("-t", u, "--log-jacobian", "fixed.nii", "--reference", "fixed.nii")
        warp("--displacement", u, "-i", "moving.nii", "-o", "fixed.nii", "--reference", "fixed.nii")
        warp("--displacement", u, "--points", "p.csv", "--points-output", "p.csv")
        warp("--displacement", u, "--points", "p.csv", "--points-output", u)
        warp("--displacement", u, "--initial-transform", "t.tfm", "--points", "p.csv", "--points-output", "t.tfm")
        warp("--displacement", u, "--invert", "--inverse-displacement", w, "-i", "fixed.nii", "--reference", "moving.nii",
             "-o", w)
        (self.folder / "pair.mhd").write_text(
            "ObjectType = Image\nNDims = 3\nElementSpacing = 1 1 1\nDimSize = 4 4 4\nElementType = MET_UCHAR\n"
            "ElementDataFile = voxels.csv\n")
        (self.folder / "voxels.csv").write_bytes(bytes(64))
        warp("--displacement", u, "--reference", "pair.mhd", "--points", "p.csv", "--points-output", "voxels.csv")
        whole = bytearray((self.folder / "fixed.nii").read_bytes())
        whole[344:348] = b"ni1\0"  # the voxels are in another file
        (self.folder / "B.HDR").write_bytes(whole[:352])
        (self.folder / "B.IMG.gz").write_bytes(gzip.compress(bytes(whole)))
        os.symlink("B.IMG.gz", self.folder / "of_pair.csv")
        warp("--displacement", u, "--reference", "B.HDR", "--points", "p.csv", "--points-output", "of_pair.csv")

    def test_of_the_slicer_module(self):
        for option, name in (("--outputVolume", "moving.nii"), ("--outputVolume", "fixed.nii"),
                             ("--outputTransform", "t.tfm"), ("--returnparameterfile", "moving.nii")):
            self.refused(self.slicer, "--initialTransform", "t.tfm", *(
                () if option == "--outputVolume" else ("--outputVolume", "w.nii.gz")), option, name, "fixed.nii",
                "moving.nii", says=self.SAYS)

    def test_of_the_picture(self):
        self.succeed(self.register("fixed.nii", "moving.nii", "-o", "pair", "--iterations", 1))
        os.symlink("fixed.nii", self.folder / "x.png")
        self.refused(self.view, "pair", "-o", "x.png", says=self.SAYS)
        os.symlink("pair_report.json", self.folder / "pair.vti")
        self.refused(self.view, "pair", "--vti", says=self.SAYS)

    def test_two_outputs_of_one_name(self):
        self.refused(self.apply, "-t", "t.tfm", "--reference", "fixed.nii", "-i", "moving.nii", "-o", "w.nii",
                     "--jacobian", "./w.nii", says="the name of two outputs")
        self.refused(self.slicer, "--outputVolume", "w.nii", "--determinantVolume", "w.nii", "fixed.nii", "moving.nii",
                     says="the name of two outputs")


class Places(Outputs):
    """What an output may replace, and how."""

    def test_a_link_stays_and_its_file_is_replaced(self):
        (self.folder / "elsewhere").mkdir()
        (self.folder / "elsewhere" / "old.nii.gz").write_text("old")
        os.symlink("elsewhere/old.nii.gz", self.folder / "pair_warped.nii.gz")
        os.symlink(self.folder / "elsewhere" / "new.nii.gz", self.folder / "pair_displacement.nii.gz")  # leads nowhere yet
        self.succeed(self.register("fixed.nii", "moving.nii", "-o", "pair", "--iterations", 1))
        for link, name in (("pair_warped.nii.gz", "old.nii.gz"), ("pair_displacement.nii.gz", "new.nii.gz")):
            self.assertTrue((self.folder / link).is_symlink())
            self.assertFalse((self.folder / "elsewhere" / name).is_symlink())
            self.assertEqual(nifti.read(self.folder / "elsewhere" / name).size, SIZE)
        self.assertEqual(sorted(p.name for p in (self.folder / "elsewhere").iterdir()), ["new.nii.gz", "old.nii.gz"])

    def test_devices_pipes_and_folders_are_refused(self):
        os.mkfifo(self.folder / "pipe_report.json")
        os.symlink("/dev/null", self.folder / "device_warped.nii.gz")
        (self.folder / "folder_displacement.nii.gz").mkdir()
        os.symlink("nowhere/at/all.nii.gz", self.folder / "lost_warped.nii.gz")
        for prefix, says in (("pipe", "is a pipe"), ("device", "is a device"), ("folder", "is a folder"),
                             ("lost", "does not exist")):
            run, _ = self.refused(self.register, "fixed.nii", "moving.nii", "-o", prefix, says=says)
            self.assertEqual(self.steps(run), [])
        self.refused(self.apply, "-t", "t.tfm", "--points", "p.csv", "--points-output", "/dev/null", says="is a device")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        os.mkfifo(self.folder / "pipe.nii.gz")
        self.refused(self.slicer, "--outputVolume", "pipe.nii.gz", "fixed.nii", "moving.nii", says="is a pipe")

    def test_modes(self):
        """As the umask has it, whatever they were; nobody else sees what is not complete."""
        old = os.umask(0o027)
        try:
            self.succeed(self.register("fixed.nii", "moving.nii", "-o", "pair", "--iterations", 1))
        finally:
            os.umask(old)
        for name in ("displacement.nii.gz", "warped.nii.gz", "report.json"):
            self.assertEqual(stat.S_IMODE(os.stat(self.folder / f"pair_{name}").st_mode), 0o640, name)

    def start(self, *options, **keywords):
        """A run that would go on for long, once it solves."""
        run = subprocess.Popen(
            [support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "-o", "pair", "--beta", "1e-7",
             "--gradient-tolerance", "1e-9", "--objective-tolerance", "0", "--iterations", "100000", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.folder, **keywords)
        for line in run.stdout:
            if line.split()[:2] == ["1", "1"]:
                return run
        self.fail(run.communicate()[1])

    def test_every_signal_removes_what_is_there(self):
        before = self.files()
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGPIPE", "SIGXCPU", "SIGUSR1", "SIGUSR2"):
            number = getattr(signal, name)
            run = self.start()
            self.assertEqual(self.files(), sorted([".gnr-lock-pair", *before]), "no result before there are all")
            run.send_signal(number)
            run.communicate()
            self.assertEqual(run.returncode, 128 + number, name)
            self.assertEqual(self.files(), before, name)

    def leftover(self, machine, process):
        folder = self.folder / f".gnr-{machine}-{process}-abcdef"
        folder.mkdir(mode=0o700)
        (folder / "0.nii").write_text("half")
        return folder

    def test_what_a_killed_run_left_goes_with_the_next(self):
        """That of a process which still runs stays, and that of another machine, where numbers mean nothing here."""
        machine = socket.gethostname().replace("/", "_").replace("-", "_")
        ended = subprocess.Popen(["true"])
        ended.wait()
        killed = self.leftover(machine, ended.pid)
        running, elsewhere = self.leftover(machine, os.getpid()), self.leftover("elsewhere", ended.pid)
        self.succeed(self.register("fixed.nii", "moving.nii", "-o", "next", "--iterations", 0))
        self.assertFalse(killed.exists())
        for folder in (running, elsewhere):
            self.assertEqual((folder / "0.nii").read_text(), "half")

    def test_all_or_nothing(self):
        """A folder takes the place of an output during the solve: the files before it get their old content again."""
        for blocked in ("pair_report.json", "pair_warped.nii.gz", "pair_displacement.nii.gz"):
            for name in ("pair_displacement.nii.gz", "pair_warped.nii.gz", "pair_report.json"):
                (self.folder / name).write_text("old " + name)
            new = self.folder / "pair_velocity.nii.gz"  # which is not there before
            run = self.start("--time-limit", "3", "--velocity")
            (self.folder / blocked).unlink()
            (self.folder / blocked).mkdir()
            names = [n for n in self.files() if not n.startswith(".gnr")]
            before = {name: value for name, value in self.content().items() if not name.startswith(".gnr")}
            error = run.communicate()[1]
            self.assertEqual(run.returncode, 2, error)
            self.assertIn(f"{blocked}: cannot be replaced", error)
            self.assertEqual(error.count("\n"), 1, error)
            self.assertEqual(self.files(), names)
            self.assertFalse(new.exists())
            self.assertEqual(self.content(), before)
            (self.folder / blocked).rmdir()


class Complete(Outputs):
    """A disk that is full, and files that may not be long enough: exit code 3, a sentence, and nothing."""

    def limited(self, limit, *command):
        return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              cwd=self.folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))

    def fails(self, limit, *command):
        run, _ = self.refused(lambda *c: self.limited(limit, *c), *command, says="cannot be written completely", code=3)
        return run

    def try_limits(self, names, *command):
        """Just too short for each of the files, with every one in its turn the longest that fits."""
        self.succeed(self.limited(resource.RLIM_INFINITY, *command))
        sizes = {name: (self.folder / name).stat().st_size for name in names}
        for name in names:
            (self.folder / name).unlink()
        largest = max(sizes.values())
        for limit in (largest - 1, largest // 2, 400, 10, 0):
            self.fails(limit, *command)
        return sizes

    def test_images(self):
        for ending in (".nii", ".nii.gz", ".mha", ".nrrd"):
            self.try_limits([f"w{ending}"], support.program("GNR_APPLY"), "-t", "t.tfm", "--reference", "fixed.nii", "-i",
                            "moving.nii", "-o", f"w{ending}")
            self.try_limits([f"j{ending}"], support.program("GNR_APPLY"), "-t", "t.tfm", "--reference", "fixed.nii",
                            "--jacobian", f"j{ending}")

    def test_every_length_of_an_image(self):
        """MetaImage and NRRD are compressed: any missing byte is noticed."""
        nifti.write(self.folder / "small.nii", (8, 8, 8), [float(i * i % 97) for i in range(512)], "f")
        for ending in (".mha", ".nrrd"):
            command = (support.program("GNR_APPLY"), "-t", "t.tfm", "--reference", "small.nii", "-i", "small.nii", "-o",
                       f"w{ending}")
            self.succeed(self.limited(resource.RLIM_INFINITY, *command))
            size = (self.folder / f"w{ending}").stat().st_size
            (self.folder / f"w{ending}").unlink()
            for limit in (size - 1, size - 4, size - 8, size - 9, size - 40, size // 2):
                self.fails(limit, *command)

    def test_points(self):
        (self.folder / "p.csv").write_text("x,y,z\n" + "1,2,3\n" * 2000)
        self.try_limits(["q.csv"], support.program("GNR_APPLY"), "-t", "t.tfm", "--points", "p.csv", "--points-output",
                        "q.csv")

    def test_transforms_and_streamed_images(self):
        register = (support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "-o", "pair", "--iterations", 0)
        for options, name in ((("--composite",), "pair_composite.h5"), (("--streamed-output",), "pair_displacement.mha"),
                              (("--dispvect",), "pair_dispvect.nii.gz")):
            self.succeed(self.limited(resource.RLIM_INFINITY, *register, *options))
            size = (self.folder / name).stat().st_size
            for path in self.folder.glob("pair_*"):
                path.unlink()
            for limit in (size - 1, size // 2, 5000, 100):
                self.fails(limit, *register, *options)

    def test_the_slicer_module(self):
        for name in ("u.h5", "u.tfm", "u.nrrd"):
            command = (support.program("GNR_SLICER"), "--iterations", 1, "--outputTransform", name, "fixed.nii", "moving.nii")
            self.try_limits([name], *command)
        self.fails(10, support.program("GNR_SLICER"), "--iterations", 1, "--outputTransform", "u.h5", "--returnparameterfile",
                   "r.txt", "fixed.nii", "moving.nii")

    def test_pictures(self):
        if not os.environ.get("GNR_VIEW"):
            self.skipTest("gnr-view was not built: no VTK")
        self.succeed(self.register("fixed.nii", "moving.nii", "-o", "pair", "--iterations", 1))
        self.try_limits(["pair_quality.png", "pair.vti"], support.program("GNR_VIEW"), "pair", "--vti")

    def test_a_full_disk(self):
        """The disk is a tmpfs; only root can make one."""
        disk = self.folder / "disk"
        disk.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(disk)], stderr=subprocess.DEVNULL)
        if made.returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", str(disk)])
        for command in ((support.program("GNR_APPLY"), "-t", "t.tfm", "--reference", "fixed.nii", "--jacobian", "disk/j.nii",
                         "--log-jacobian", "disk/l.nii"),
                        (support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "-o", "disk/pair", "--iterations", 0,
                         "--velocity"),
                        (support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "-o", "disk/pair", "--iterations", 0,
                         "--streamed-output"),
                        (support.program("GNR_SLICER"), "--outputTransform", "disk/u.h5", "--iterations", 1, "fixed.nii",
                         "moving.nii")):
            self.fails(resource.RLIM_INFINITY, *command)

    def test_the_parts_of_several_processes(self):
        if not os.environ.get("GNR_MPIEXEC"):
            self.skipTest("built without MPI, or no mpirun")
        disk = self.folder / "disk"
        disk.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(disk)], stderr=subprocess.DEVNULL)
        if made.returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", str(disk)])
        # The file has its full length as soon as the first process writes; the second finds no room for its part.
        run = self.mpirun(2, support.program("GNR_REGISTER"), "fixed.nii", "moving.nii", "-o", "disk/pair", "--iterations", 0,
                          "--streamed-output", "--device", "cpu", "--threads", 1)
        self.assertEqual(run.returncode, 3, run.stdout + run.stderr)
        self.assertIn("cannot be written completely", run.stderr)
        self.assertEqual(list(disk.iterdir()), [])


if __name__ == "__main__":
    support.main()
