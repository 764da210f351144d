#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Short versions of the campaigns of scripts/campaign.sh, a few seconds each. That of checkpoints is
test_requeue.py. (ctest: skip code 77)"""
import os
import subprocess
import sys
from pathlib import Path

import support

TESTS = Path(__file__).resolve().parents[1]


class Campaigns(support.CommandLineTest):
    def campaign(self, script, *arguments):
        run = subprocess.run([sys.executable, "-B", str(TESTS / script), *map(str, arguments)], cwd=self.folder, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(run.returncode, 0, run.stdout)
        return run.stdout

    def test_kills(self):
        self.assertIn("'runs': 4", self.campaign("campaigns/kills.py", 4))

    def test_allocations(self):
        if not os.environ.get("GNR_ALLOCATION_SHIM"):
            self.skipTest("the library that lets allocations fail was not built")
        self.campaign("campaigns/allocations.py", 40)

    def test_memory(self):
        self.campaign("campaigns/memory.py", 5)

    def test_mutations(self):
        self.assertIn("100 passed, 0 failed", self.campaign("fuzz/mutations.py", 100))


if __name__ == "__main__":
    support.main()
