# SPDX-License-Identifier: Apache-2.0
"""scripts/licences.sh: what may be passed on, and what not."""
import os
import shutil
import subprocess
import tarfile
import tempfile
import unittest
import zipfile

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "licences.sh")
METADATA = "Metadata-Version: 2.4\nName: made\nVersion: 1\nLicense-Expression: Apache-2.0\n"


@unittest.skipUnless(shutil.which("gcc") and shutil.which("readelf"), "no gcc to make binaries with")
class Licences(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def library(self, name, *needs, text="made"):
        """A shared library of that name, which needs others of this folder."""
        source = 'const char * made(void) { return "%s"; }' % text
        subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", self.path(name), "-Wl,-soname," + name,
                        "-Wl,--no-as-needed", "-L" + self.folder, "-Wl,-rpath," + self.folder]
                       + ["-l:" + need for need in needs], input=source, text=True, check=True)
        return self.path(name)

    def wheel(self, *libraries):
        path = self.path("made-1-py3-none-any.whl")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("made-1.dist-info/METADATA", METADATA)
            for library in libraries:
                archive.write(library, "made.libs/" + os.path.basename(library))
        return path

    def check(self, *files):
        done = subprocess.run([SCRIPT, *files], capture_output=True, text=True)
        return done.returncode, done.stdout

    def test_a_library_that_needs_nothing_bad(self):
        status, output = self.check(self.library("libgood.so"))
        self.assertEqual(status, 0, output)
        self.assertIn("libc.so.6", output)

    def test_fftw_is_found_directly_and_behind_another_library(self):
        self.library("libfftw3f.so.3")
        direct, indirect = self.library("libone.so", "libfftw3f.so.3"), self.library("libtwo.so", "libone.so")
        for file in (direct, indirect):
            status, output = self.check(self.library("libgood.so"), file)
            self.assertEqual(status, 1, output)
            self.assertIn("%s needs libfftw3f.so.3" % os.path.basename(file), output)

    def test_others_under_the_gpl(self):
        for name in ("libgsl.so.27", "libreadline.so.8"):
            self.library(name)
            self.assertEqual(self.check(self.library("libone.so", name))[0], 1)

    def test_fftw_compiled_in(self):
        status, output = self.check(self.library("libone.so", text="fftw-3.3.10 fftwf_wisdom"))
        self.assertEqual(status, 1)
        self.assertIn("compiled in", output)

    def test_wheels(self):
        core, runtime = self.library("_core.abi3.so"), self.library("libgomp-24e2ab19.so.1.0.0")
        status, output = self.check(self.wheel(core, runtime))
        self.assertEqual(status, 0, output)
        self.assertIn("licence: Apache-2.0", output)
        self.assertIn("GCC-exception", output)
        status, output = self.check(self.wheel(core, self.library("libfftw3f-1234abcd.so.3.6.10")))
        self.assertEqual(status, 1)
        self.assertIn("libfftw3f-1234abcd.so.3.6.10 is contained", output)
        status, output = self.check(self.wheel(core, self.library("libwhatever.so")))
        self.assertEqual(status, 1)
        self.assertIn("not known", output)

    def test_archives(self):
        self.library("libfftw3f.so.3")
        for needs, expected in (((), 0), (("libfftw3f.so.3",), 1)):
            library = self.library("libitkGaussNewtonRegistration.so", *needs)
            with tarfile.open(self.path("made.tar.gz"), "w:gz") as archive:
                archive.add(library, "made/lib/" + os.path.basename(library))
            status, output = self.check(self.path("made.tar.gz"))
            self.assertEqual(status, expected, output)
            self.assertIn("libitkGaussNewtonRegistration.so needs:", output)

    @unittest.skipUnless(shutil.which("dpkg-deb"), "no dpkg-deb")
    def test_debian_packages(self):
        self.library("libfftw3f.so.3")
        for name, needs, depends, expected in (("good", (), "libc6 (>= 2.36), libgcc-s1", 0), ("bad", ("libfftw3f.so.3",), "", 1),
                                               ("asking", (), "libc6, libmpi3 | libfftw3-single3 (>= 3.3)", 1)):
            root = self.path(name)
            for folder in ("DEBIAN", "usr/lib", "usr/share/doc/made"):
                os.makedirs(os.path.join(root, folder))
            with open(os.path.join(root, "DEBIAN", "control"), "w") as file:
                file.write("Package: made\nVersion: 1\nArchitecture: all\nDescription: made\n"
                           "Maintainer: A <a@b.example>\n" + (f"Depends: {depends}\n" if depends else ""))
            with open(os.path.join(root, "usr/share/doc/made/copyright"), "w") as file:
                file.write("Files: *\nLicense: Apache-2.0\n")
            shutil.copy(self.library("libGaussNewtonRegistration.so", *needs), os.path.join(root, "usr/lib"))
            subprocess.run(["dpkg-deb", "--build", root, root + ".deb"], check=True, capture_output=True)
            status, output = self.check(root + ".deb")
            self.assertEqual(status, expected, output)
            self.assertEqual("asks for libfftw3-single3," in output, name == "asking")
            self.assertIn("licence: Apache-2.0", output)


if __name__ == "__main__":
    unittest.main()
