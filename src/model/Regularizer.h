// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_model_Regularizer_h
#define gnr_model_Regularizer_h

#include "parallel/FourierTransform.h"

#include "gnr/Options.h"

namespace gnr
{

/** The operator A of the Sobolev seminorm with divergence penalty, and its inverse [R1]. Vector fields of the domain,
 * one component behind the other. */
class Regularizer
{
public:
  /** \param voxels of the images: the grid scale is a share of their spacing. */
  Regularizer(FourierTransform & transform, const Options & options, const Grid & voxels);

  /** The same operator on another grid over the same box. */
  Regularizer(FourierTransform & transform, const Regularizer & other);

  FourierTransform &
  transform() const
  {
    return transform_;
  }

  /** out = A v; out may be v. 3 + 3 FFTs. Collective. */
  void
  apply(const Real * v, Real * out);

  /** out = A^-1 r, also projected in incompressible mode; out may be r. 3 + 3 FFTs. Collective. */
  void
  applyInverse(const Real * r, Real * out);

  /** out = A^-1 r for the frequencies that `coarse` does not carry; the others are those that replace() makes of the
   * low part of r in `coarseField` (FourierTransform::applyWithLowBand). Collective. */
  void
  applyInverseAbove(const Real *                  r,
                    FourierTransform &            coarse,
                    Real *                        coarseField,
                    const std::function<void()> & replace,
                    Real *                        out);

  /** Incompressible mode: makes v divergence-free in place; otherwise nothing. 3 + 3 FFTs. Collective. */
  void
  project(Real * v);

  bool
  incompressible() const
  {
    return incompressible_;
  }

private:
  FourierTransform & transform_;
  Symbol             symbol_;
  Symbol             inverse_;
  bool               incompressible_;
};

} // namespace gnr

#endif
