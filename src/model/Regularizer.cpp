// SPDX-License-Identifier: Apache-2.0
#include "model/Regularizer.h"

namespace gnr
{

Regularizer::Regularizer(FourierTransform & transform, const Options & options, const Grid & voxels)
  : transform_(transform)
  , symbol_(transform.symbol(Symbol::Kind::Regularization))
  , incompressible_(options.incompressible)
{
  symbol_.order = static_cast<int>(options.regularization);
  symbol_.beta = options.beta;
  symbol_.gamma = options.gamma;
  for (int a = 0; a < 3; ++a)
  {
    symbol_.tau[a] = options.gridScale * voxels.spacing[a];
  }
  inverse_ = symbol_;
  inverse_.kind = Symbol::Kind::InverseRegularization;
  inverse_.project = incompressible_;
}

Regularizer::Regularizer(FourierTransform & transform, const Regularizer & other)
  : transform_(transform)
  , symbol_(other.symbol_) // depends on the box only: tau is a length
  , inverse_(other.inverse_)
  , incompressible_(other.incompressible_)
{}

void
Regularizer::apply(const Real * v, Real * out)
{
  transform_.apply(symbol_, v, out, 3);
}

void
Regularizer::applyInverse(const Real * r, Real * out)
{
  transform_.apply(inverse_, r, out, 3);
}

void
Regularizer::applyInverseAbove(const Real *                  r,
                               FourierTransform &            coarse,
                               Real *                        coarseField,
                               const std::function<void()> & replace,
                               Real *                        out)
{
  transform_.applyWithLowBand(inverse_, r, coarse, coarseField, replace, out);
}

void
Regularizer::project(Real * v)
{
  if (incompressible_)
  {
    transform_.apply(transform_.symbol(Symbol::Kind::Projection), v, v, 3);
  }
}

} // namespace gnr
