// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_kernels_Script_h
#define gnr_kernels_Script_h

namespace gnr
{

/** Iterations of the solver that end when the values of its fields say so. */
enum class Loop
{
  Newton,      ///< steps on one grid
  Krylov,      ///< products with the Hessian
  Regularized, ///< solveRegularized(): inside a preconditioner, or for A^-1 in place of Krylov
  Flow,        ///< steps that integrate a map, from 1
  Repair       ///< smoothings of a velocity whose map folds
};

/** What the solver measures on its fields to plan its next move. */
enum class Quantity
{
  Speed,        ///< largest, voxels per unit time
  Displacement, ///< largest along an axis, voxels
  Determinant   ///< of the map, an extreme value
};

/** Decides in place of the fields in a rehearsal, whose fields do not exist (CountingKernels). Every other test is
 * passed there, and a field is zero if it was filled with zeros. */
class Script
{
public:
  virtual ~Script() = default;

  /** Whether a loop ends that has had so many rounds: asked before each. */
  virtual bool
  ends(Loop loop, int rounds) = 0;

  virtual double
  measured(Quantity quantity) = 0;
};

} // namespace gnr

#endif
