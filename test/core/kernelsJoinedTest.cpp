// SPDX-License-Identifier: Apache-2.0
// Components of a spectrum that lie row by row side by side (Kernels::joinsComponents()) against components that lie
// one behind the other: the same transforms, whose libraries may add in another order.
#include "spectralTesting.h"

#include <array>
#include <cstddef>

using namespace gnr;
using namespace gnr::test;

namespace
{

using KernelsJoined = BackendTest;

SpectrumLayout
joinedLayout(const Grid & grid)
{
  SpectrumLayout layout = naturalLayout(grid);
  layout.rowStride *= 3;
  layout.zStride *= 3;
  return layout;
}

/** Three spectra side by side. */
class Joined
{
public:
  explicit Joined(Kernels & kernels, const Grid & grid)
    : kernels_(kernels)
    , grid_(grid)
    , memory_(kernels, std::size_t(3) * layout().nxHalf() * grid.size[1] * grid.size[2])
  {
    for (int c = 0; c < 3; ++c)
    {
      spectrum_[c] = memory_.data() + c * layout().nxHalf();
    }
  }

  SpectrumLayout
  layout() const
  {
    return joinedLayout(grid_);
  }
  Complex * const *
  data() const
  {
    return spectrum_.data();
  }
  void
  transform(const Values & field) const
  {
    const Array<Real> x(kernels_, field);
    for (int c = 0; c < 3; ++c)
    {
      kernels_.forwardPlanes(x.data() + c * grid_.points(), extentsOf(grid_), spectrum_[c], layout().rowStride);
    }
  }
  Values
  transformBack() const
  {
    const Array<Real> x(kernels_, 3 * grid_.points());
    for (int c = 0; c < 3; ++c)
    {
      kernels_.backwardPlanes(spectrum_[c], layout().rowStride, extentsOf(grid_), x.data() + c * grid_.points());
    }
    return x.get();
  }

private:
  Kernels &                kernels_;
  Grid                     grid_;
  Array<Complex>           memory_;
  std::array<Complex *, 3> spectrum_{};
};

const Grid grids[] = { { { 12, 10, 8 }, { 0.9, 1.3, 2.1 } }, { { 15, 9, 14 }, { 1.0, 0.8, 1.2 } } };
const Grid coarse{ { 8, 6, 6 }, {} };

} // namespace

TEST_P(KernelsJoined, Symbols)
{
  for (const Grid & grid : grids)
  {
    const Values v = randomValues(3 * grid.points(), -1, 1, 1), low = randomValues(3 * coarse.points(), -1, 1, 2);
    Symbol       symbol = makeSymbol(grid, Symbol::Kind::InverseRegularization);
    symbol.gamma = 2.0;
    const double size = 1.0 / (symbol.kMinimum * symbol.kMinimum);
    const Joined all(kernels, grid), band(kernels, coarse);
    all.transform(v);
    kernels.applySymbol(all.data(), 3, all.layout(), symbol);
    EXPECT_LE(maximumDifference(all.transformBack(), applySymbolTo(kernels, grid, v, symbol)), 16 * epsilon * size);

    all.transform(v);
    band.transform(low);
    SpectrumBand view{ band.data(), band.layout() };
    view.layout.origin[0] = 0.02; // as applySymbolTo() has it
    view.layout.origin[1] = -0.03;
    view.layout.origin[2] = 0.05;
    kernels.applySymbol(all.data(), 3, all.layout(), symbol, &view);
    EXPECT_LE(maximumDifference(all.transformBack(), applySymbolTo(kernels, grid, v, symbol, &coarse, &low)),
              16 * epsilon * (size + 1));
  }
}

TEST_P(KernelsJoined, Resampling)
{
  for (const Grid & grid : grids)
  {
    for (const bool down : { true, false })
    {
      const Grid & from = down ? grid : coarse;
      const Grid & to = down ? coarse : grid;
      const Values v = randomValues(3 * from.points(), -1, 1, 3);
      const Joined in(kernels, from), out(kernels, to);
      in.transform(v);
      kernels.resampleSpectrum(in.data(), 3, in.layout(), out.data(), out.layout());
      const Values result = out.transformBack();
      for (int c = 0; c < 3; ++c)
      {
        const auto part = [&](const Values & all, const Grid & g) {
          return Values(all.begin() + c * g.points(), all.begin() + (c + 1) * g.points());
        };
        EXPECT_LE(maximumDifference(part(result, to), resample(kernels, from, to, part(v, from))), 16 * epsilon) << c;
      }
    }
  }
}

GNR_TEST_EVERY_BACKEND(KernelsJoined);
