# SPDX-License-Identifier: Apache-2.0
"""Events, stopping and aborting from Python."""
import unittest

import itk
import numpy as np

import phantoms


class Observers(unittest.TestCase):
    def setUp(self):
        self.filter = phantoms.registration(compute_inverse_displacement_field=False)

    def test_events(self):
        steps, levels, progress, order = [], [], [], []

        def iteration():
            # ITK derives MultiResolutionIterationEvent from IterationEvent: this is called for both.
            elapsed = self.filter.GetElapsedIterations()
            if not steps or elapsed != steps[-1][0]:
                steps.append((elapsed, self.filter.GetMetricValue() if elapsed else None, self.filter.GetCurrentLevel()))

        self.filter.AddObserver(itk.StartEvent(), lambda: order.append("start"))
        self.filter.AddObserver(itk.EndEvent(), lambda: order.append("end"))
        self.filter.AddObserver(itk.IterationEvent(), iteration)
        self.filter.AddObserver(itk.MultiResolutionIterationEvent(), lambda: levels.append(self.filter.GetCurrentLevel()))
        self.filter.AddObserver(itk.ProgressEvent(), lambda: progress.append(self.filter.GetProgress()))
        self.filter.Update()

        self.assertEqual(order, ["start", "end"])
        taken = [elapsed for elapsed, _, _ in steps if elapsed]
        self.assertEqual(taken, list(range(1, self.filter.GetElapsedIterations() + 1)))
        self.assertEqual(sorted(set(levels)), list(range(max(levels) + 1)))
        self.assertEqual(levels, sorted(levels))
        self.assertEqual(progress, sorted(progress))
        self.assertEqual(progress[-1], 1.0)
        # Gauss-Newton with a line search: within a level the objective never rises, and here distance dominates it.
        distances = [(where, metric) for elapsed, metric, where in steps if elapsed]
        self.assertGreater(len(distances), 2)
        for (level, before), (next_level, after) in zip(distances, distances[1:]):
            if level == next_level:
                self.assertLess(after, 1.01 * before)
        self.assertTrue(self.filter.GetStopConditionDescription())

    def test_stop_keeps_the_result(self):
        def stop():
            if self.filter.GetElapsedIterations() >= 1:
                self.filter.StopRegistration()

        self.filter.AddObserver(itk.IterationEvent(), stop)
        self.filter.Update()
        self.assertEqual(self.filter.GetElapsedIterations(), 1)
        self.assertIn("stop", self.filter.GetStopConditionDescription())
        displacement = itk.array_from_image(self.filter.GetDisplacementField())
        self.assertGreater(np.abs(displacement).max(), 0.1)
        self.assertLess(self.filter.GetMismatch(), 1.0)

    def test_exception_in_an_observer_ends_the_run(self):
        def fail():
            raise ValueError("of the observer")  # Python prints it

        tag = self.filter.AddObserver(itk.IterationEvent(), fail)
        with self.assertRaisesRegex(RuntimeError, "CommandCallable"):
            self.filter.Update()
        self.filter.RemoveObserver(tag)
        self.filter.Update()
        self.assertLess(self.filter.GetMismatch(), 0.3)

    def test_abort_and_run_again(self):
        aborted = []
        tag = self.filter.AddObserver(itk.IterationEvent(), lambda: self.filter.AbortGenerateDataOn())
        self.filter.AddObserver(itk.AbortEvent(), lambda: aborted.append(1))
        with self.assertRaisesRegex(RuntimeError, "(?i)abort"):
            self.filter.Update()
        self.assertEqual(len(aborted), 1)
        self.filter.RemoveObserver(tag)
        self.filter.Update()
        self.assertLess(self.filter.GetMismatch(), 0.3)


if __name__ == "__main__":
    unittest.main()
