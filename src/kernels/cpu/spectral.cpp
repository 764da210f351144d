// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/CpuKernels.h"
#include "kernels/point/symbol.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace gnr
{
namespace GNR_CPU_NAMESPACE
{
namespace
{

/** Whole groups of 8 keep the SIMD loops of transforms full and rows on cache lines. Their number is odd: with rows of
 * 256 bytes a column meets a quarter of the sets of the first-level cache only, and its transform takes up to twice as
 * long. */
int
alignedWidth(int width)
{
  return ((width + 7) / 8 | 1) * 8;
}

/** Columns along z are transformed in chunks of kx that stay in the second-level cache: read from the spectrum once,
 * transformed, multiplied, transformed back, written once. */
int
chunkWidth(int nxHalf)
{
  constexpr int most = 24;
  const int     chunks = (nxHalf + most - 1) / most;
  const int     width = (nxHalf + chunks - 1) / chunks;
  return alignedWidth(width);
}

inline void
gather(const Complex * spectrum, std::ptrdiff_t zStride, int nz, int width, Complex * column)
{
  for (int z = 0; z < nz; ++z)
  {
    std::memcpy(column + static_cast<std::ptrdiff_t>(z) * width, spectrum + z * zStride, sizeof(Complex) * width);
  }
}

inline void
scatter(const Complex * column, std::ptrdiff_t zStride, int nz, int width, Complex * spectrum)
{
  for (int z = 0; z < nz; ++z)
  {
    std::memcpy(spectrum + z * zStride, column + static_cast<std::ptrdiff_t>(z) * width, sizeof(Complex) * width);
  }
}

/** diagonal * I + dyad * k k^T for one row of wave vectors (fixed ky, kz). */
inline void
rowSymbol(const Symbol & symbol,
          int            kxBegin,
          int            width,
          int            nx,
          int            fy,
          int            fz,
          bool           nyquistY,
          bool           nyquistZ,
          Real           normalization,
          Real *         kx,
          Real *         diagonal,
          Real *         dyad)
{
  const Real ky = Real(symbol.waveNumber[1] * fy), kz = Real(symbol.waveNumber[2] * fz);
  const Real rest = ky * ky + kz * kz;
  const Real restFirst = (nyquistY ? Real(0) : ky * ky) + (nyquistZ ? Real(0) : kz * kz);
  const Real w = Real(symbol.waveNumber[0]);
  const Real betaGamma = Real(symbol.beta * symbol.gamma), smallest = Real(symbol.kMinimum);
  const Real tx = Real(symbol.tau[0]), ty = Real(symbol.tau[1]) * ky, tz = Real(symbol.tau[2]) * kz;
  const int  s = symbol.order;
  Real       scale = Real(symbol.beta);
  for (int power = 1; power < s; ++power)
  {
    scale *= Real(symbol.ell * symbol.ell);
  }
  for (int i = 0; i < width; ++i)
  {
    const int  f = kxBegin + i;
    const Real full = w * f;
    const Real first = 2 * f == nx ? Real(0) : full;
    kx[i] = first;
    Real       squared = full * full + rest;
    Real       squaredFirst = first * first + restFirst;
    Real       a = 1, b = 0;
    const bool mean = squared == Real(0);
    const Real stiffening = Real(1) + tx * tx * full * full + ty * ty + tz * tz;
    switch (symbol.kind)
    {
      case Symbol::Kind::Identity:
      case Symbol::Kind::Projection:
        break;
      case Symbol::Kind::Regularization:
        point::regularizationSymbol(scale * point::power(squared, s) * stiffening, betaGamma, a, b);
        break;
      case Symbol::Kind::InverseRegularization:
        point::inverseRegularizationSymbol(
          scale * point::power(mean ? smallest * smallest : squared, s) * stiffening, squaredFirst, betaGamma, a, b);
        break;
      case Symbol::Kind::Gaussian:
      {
        const Real x = Real(symbol.sigma[0]) * full, y = Real(symbol.sigma[1]) * ky, z = Real(symbol.sigma[2]) * kz;
        a = std::exp(Real(-0.5) * (x * x + y * y + z * z));
        break;
      }
    }
    if ((symbol.project || symbol.kind == Symbol::Kind::Projection) && squaredFirst > Real(0))
    {
      b = -a / squaredFirst;
    }
    diagonal[i] = a * normalization;
    dyad[i] = b * normalization;
  }
}

/** The frequencies that applySymbol takes from a coarser grid, chunk by chunk of kx. */
class BandColumns
{
public:
  BandColumns(const SpectrumBand * band, const SpectrumLayout & layout, int width, int chunks, Transforms & transforms)
    : band_(band)
    , layout_(layout)
    , width_(width)
  {
    if (band == nullptr)
    {
      return;
    }
    for (int a = 0; a < 3; ++a)
    {
      shared_[a] = std::min(layout.size[a], band->layout.size[a]);
    }
    for (int chunk = 0; chunk < chunks; ++chunk)
    {
      const int kept = keptOf(chunk);
      transforms_.push_back(kept > 0 ? transforms.columns(band->layout.size[2], kept, Direction::Forward) : nullptr);
    }
    // As in resampleSpectrum: a shift by a share s of the box turns frequency f by f s.
    constexpr double twoPi = 6.283185307179586476925286766559;
    for (int a = 0; a < 3; ++a)
    {
      shift_[a] = twoPi * (layout.origin[a] - band->layout.origin[a]);
    }
    for (int i = 0; i < (shared_[0] + 1) / 2; ++i)
    {
      phaseX_.push_back({ Real(std::cos(i * shift_[0])), Real(std::sin(i * shift_[0])) });
    }
    normalization_ = (1.0 / (double(band->layout.size[0]) * band->layout.size[1] * band->layout.size[2]));
  }

  std::size_t
  scratchSize() const
  {
    return band_ == nullptr ? 1 : static_cast<std::size_t>(band_->layout.size[2]) * width_;
  }

  std::size_t
  workSize() const
  {
    std::size_t size = 0;
    for (const ColumnTransform * transform : transforms_)
    {
      size = transform == nullptr ? size : std::max(size, transform->workSize());
    }
    return size;
  }

  /** Overwrites the shared frequencies of one transformed chunk of `w` columns. */
  void
  replace(int component, int fy, int chunk, int w, Complex * scratch, Complex * work, Complex * column) const
  {
    if (band_ == nullptr || 2 * std::abs(fy) >= shared_[1] || keptOf(chunk) <= 0)
    {
      return;
    }
    const SpectrumLayout & coarse = band_->layout;
    const int              kept = keptOf(chunk), nz = layout_.size[2], nzCoarse = coarse.size[2];
    gather(band_->spectrum[component] + point::rowOfFrequency(coarse, fy) * coarse.rowStride + chunk * width_,
           coarse.zStride,
           nzCoarse,
           kept,
           scratch);
    transforms_[chunk]->apply(scratch, work);
    for (int z = 0; z < nz; ++z)
    {
      const int fz = point::frequency(z, nz);
      if (2 * std::abs(fz) >= shared_[2])
      {
        continue;
      }
      const Complex * source = scratch + static_cast<std::ptrdiff_t>(fz < 0 ? fz + nzCoarse : fz) * kept;
      Complex *       target = column + static_cast<std::ptrdiff_t>(z) * w;
      const double    angle = fy * shift_[1] + fz * shift_[2];
      const Real      c = Real(normalization_ * std::cos(angle)), s = Real(normalization_ * std::sin(angle));
      const Complex * phase = phaseX_.data() + static_cast<std::ptrdiff_t>(chunk) * width_;
      for (int i = 0; i < kept; ++i)
      {
        const Real re = c * phase[i].re - s * phase[i].im, im = c * phase[i].im + s * phase[i].re;
        target[i].re = source[i].re * re - source[i].im * im;
        target[i].im = source[i].re * im + source[i].im * re;
      }
    }
  }

private:
  /** Columns of a chunk whose kx both grids have. */
  int
  keptOf(int chunk) const
  {
    return std::min((shared_[0] + 1) / 2 - chunk * width_, width_);
  }

  const SpectrumBand *                 band_;
  const SpectrumLayout &               layout_;
  int                                  width_;
  int                                  shared_[3] = { 0, 0, 0 };
  double                               shift_[3] = { 0.0, 0.0, 0.0 };
  std::vector<Complex>                 phaseX_;
  double                               normalization_ = 0.0;
  std::vector<const ColumnTransform *> transforms_;
};

} // namespace

// A plane is transformed row by row and column by column in scratch memory whose rows start on cache lines: FFTW's
// estimated plans for two-dimensional real transforms are up to twice as slow.

void
CpuKernels::forwardPlanes(const Real * x, const Extents & e, Complex * spectrum, std::ptrdiff_t rowStride)
{
  const int                     half = e.nx / 2 + 1;
  const int                     stride = alignedWidth(half);
  const RowTransform * const    rows = transforms_.rows(e.nx, Direction::Forward);
  const ColumnTransform * const columns = transforms_.columns(e.ny, stride, Direction::Forward);
  const std::size_t             workSize = std::max(rows->workSize(), columns->workSize());
  const std::size_t             plane = static_cast<std::size_t>(e.nx) * e.ny;
#pragma omp parallel num_threads(threadsFor(e.points(), sharedTransforms))
  {
    Scratch         scratch(static_cast<std::size_t>(stride) * e.ny);
    Scratch         work(workSize);
    Complex * const s = scratch.data();
    std::memset(static_cast<void *>(s), 0, sizeof(Complex) * stride * e.ny); // what pads the rows is transformed too
#pragma omp for schedule(dynamic, 2)
    for (int z = 0; z < e.nz; ++z)
    {
      rows->forward(x + z * plane, e.ny, s, stride, work.data());
      columns->apply(s, work.data());
      for (int j = 0; j < e.ny; ++j)
      {
        std::memcpy(spectrum + (static_cast<std::size_t>(z) * e.ny + j) * rowStride,
                    s + static_cast<std::ptrdiff_t>(j) * stride,
                    sizeof(Complex) * half);
      }
    }
  }
}

void
CpuKernels::backwardPlanes(Complex * spectrum, std::ptrdiff_t rowStride, const Extents & e, Real * x)
{
  const int                     half = e.nx / 2 + 1;
  const int                     stride = alignedWidth(half);
  const RowTransform * const    rows = transforms_.rows(e.nx, Direction::Backward);
  const ColumnTransform * const columns = transforms_.columns(e.ny, stride, Direction::Backward);
  const std::size_t             workSize = std::max(rows->workSize(), columns->workSize());
  const std::size_t             plane = static_cast<std::size_t>(e.nx) * e.ny;
#pragma omp parallel num_threads(threadsFor(e.points(), sharedTransforms))
  {
    Scratch         scratch(static_cast<std::size_t>(stride) * e.ny);
    Scratch         work(workSize);
    Complex * const s = scratch.data();
    std::memset(static_cast<void *>(s), 0, sizeof(Complex) * stride * e.ny);
#pragma omp for schedule(dynamic, 2)
    for (int z = 0; z < e.nz; ++z)
    {
      for (int j = 0; j < e.ny; ++j)
      {
        std::memcpy(s + static_cast<std::ptrdiff_t>(j) * stride,
                    spectrum + (static_cast<std::size_t>(z) * e.ny + j) * rowStride,
                    sizeof(Complex) * half);
      }
      columns->apply(s, work.data());
      rows->backward(s, stride, e.ny, x + z * plane, work.data());
    }
  }
}

void
CpuKernels::applySymbol(Complex * const *      spectrum,
                        int                    components,
                        const SpectrumLayout & layout,
                        const Symbol &         symbol,
                        const SpectrumBand *   band)
{
  const int  nx = layout.size[0], ny = layout.size[1], nz = layout.size[2];
  const int  half = layout.nxHalf();
  const int  width = chunkWidth(half);
  const int  chunks = (half + width - 1) / width;
  const int  last = half - (chunks - 1) * width;
  const int  rowCount = layout.rowCount();
  const Real normalization = Real(1.0 / (double(nx) * ny * nz));
  // Planned before the threads start.
  const ColumnTransform * const forward[2] = { transforms_.columns(nz, width, Direction::Forward),
                                               transforms_.columns(nz, last, Direction::Forward) };
  const ColumnTransform * const backward[2] = { transforms_.columns(nz, width, Direction::Backward),
                                                transforms_.columns(nz, last, Direction::Backward) };
  BandColumns                   bandColumns(band, layout, width, chunks, transforms_);
  const std::size_t             workSize = std::max({ forward[0]->workSize(),
                                                      forward[1]->workSize(),
                                                      backward[0]->workSize(),
                                                      backward[1]->workSize(),
                                                      bandColumns.workSize() });
  const auto                    points = static_cast<std::size_t>(rowCount) * half * nz;

#pragma omp parallel num_threads(threadsFor(points, sharedTransforms))
  {
    const std::size_t columnSize = static_cast<std::size_t>(nz) * width;
    Scratch           scratch(columnSize * components);
    Scratch           bandScratch(bandColumns.scratchSize());
    Scratch           work(workSize);
    Scratch           rows(3 * static_cast<std::size_t>(width));
    Real * const      kx = &rows.data()->re;
    Real * const      diagonal = kx + width;
    Real * const      dyad = diagonal + width;
#pragma omp for collapse(2) schedule(dynamic, 4)
    for (int row = 0; row < rowCount; ++row)
    {
      for (int chunk = 0; chunk < chunks; ++chunk)
      {
        const int            isLast = chunk == chunks - 1 ? 1 : 0;
        const int            w = isLast ? last : width;
        const int            fy = point::frequencyOfRow(layout, row), ky = point::indexOf(fy, ny);
        const std::ptrdiff_t offset = row * layout.rowStride + chunk * width;
        for (int c = 0; c < components; ++c)
        {
          Complex * column = scratch.data() + c * columnSize;
          gather(spectrum[c] + offset, layout.zStride, nz, w, column);
          forward[isLast]->apply(column, work.data());
        }
        for (int z = 0; z < nz; ++z)
        {
          rowSymbol(symbol,
                    chunk * width,
                    w,
                    nx,
                    fy,
                    point::frequency(z, nz),
                    2 * ky == ny,
                    2 * z == nz,
                    normalization,
                    kx,
                    diagonal,
                    dyad);
          Complex * const a = scratch.data() + static_cast<std::ptrdiff_t>(z) * w;
          if (components == 1)
          {
#pragma omp simd
            for (int i = 0; i < w; ++i)
            {
              a[i].re *= diagonal[i];
              a[i].im *= diagonal[i];
            }
            continue;
          }
          Complex * const b = a + columnSize;
          Complex * const c = b + columnSize;
          const Real      ky1 = Real(symbol.waveNumber[1] * point::derivativeFrequency(ky, ny));
          const Real      kz1 = Real(symbol.waveNumber[2] * point::derivativeFrequency(z, nz));
#pragma omp simd
          for (int i = 0; i < w; ++i)
          {
            const Real re = dyad[i] * (kx[i] * a[i].re + ky1 * b[i].re + kz1 * c[i].re);
            const Real im = dyad[i] * (kx[i] * a[i].im + ky1 * b[i].im + kz1 * c[i].im);
            a[i].re = diagonal[i] * a[i].re + kx[i] * re;
            a[i].im = diagonal[i] * a[i].im + kx[i] * im;
            b[i].re = diagonal[i] * b[i].re + ky1 * re;
            b[i].im = diagonal[i] * b[i].im + ky1 * im;
            c[i].re = diagonal[i] * c[i].re + kz1 * re;
            c[i].im = diagonal[i] * c[i].im + kz1 * im;
          }
        }
        for (int c = 0; c < components; ++c)
        {
          Complex * column = scratch.data() + c * columnSize;
          bandColumns.replace(c, fy, chunk, w, bandScratch.data(), work.data(), column);
          backward[isLast]->apply(column, work.data());
          scatter(column, layout.zStride, nz, w, spectrum[c] + offset);
        }
      }
    }
  }
}

void
CpuKernels::resampleSpectrum(const Complex * const * in,
                             int                     components,
                             const SpectrumLayout &  inLayout,
                             Complex * const *       out,
                             const SpectrumLayout &  outLayout)
{
  const int                     nzIn = inLayout.size[2], nzOut = outLayout.size[2];
  const int                     halfIn = inLayout.nxHalf(), halfOut = outLayout.nxHalf();
  const int                     rowCount = outLayout.rowCount();
  const auto                    points = static_cast<std::size_t>(rowCount) * halfOut * (nzIn > nzOut ? nzIn : nzOut);
  const ColumnTransform * const forward = transforms_.columns(nzIn, halfIn, Direction::Forward);
  const ColumnTransform * const backward = transforms_.columns(nzOut, halfOut, Direction::Backward);
  // Frequencies that both grids resolve, Nyquist excluded: |f| < shared / 2.
  int shared[3];
  for (int a = 0; a < 3; ++a)
  {
    shared[a] = inLayout.size[a] < outLayout.size[a] ? inLayout.size[a] : outLayout.size[a];
  }
  const int    keptX = (shared[0] + 1) / 2;
  const double normalization = 1.0 / (double(inLayout.size[0]) * inLayout.size[1] * nzIn);
  // A shift by a share s of the box turns frequency f by f s.
  constexpr double twoPi = 6.283185307179586476925286766559;
  double           shift[3];
  for (int a = 0; a < 3; ++a)
  {
    shift[a] = twoPi * (outLayout.origin[a] - inLayout.origin[a]);
  }

#pragma omp parallel num_threads(threadsFor(points, sharedTransforms))
  {
    Scratch phaseX(halfOut);
    for (int i = 0; i < keptX; ++i)
    {
      phaseX.data()[i] = { Real(std::cos(i * shift[0])), Real(std::sin(i * shift[0])) };
    }
    Scratch columnIn(static_cast<std::size_t>(nzIn) * halfIn);
    Scratch columnOut(static_cast<std::size_t>(nzOut) * halfOut);
    Scratch work(std::max(forward->workSize(), backward->workSize()));
#pragma omp for schedule(dynamic, 2)
    for (int line = 0; line < components * rowCount; ++line)
    {
      const int component = line / rowCount, row = line % rowCount;
      const int fy = point::frequencyOfRow(outLayout, row);
      std::memset(columnOut.data(), 0, sizeof(Complex) * static_cast<std::size_t>(nzOut) * halfOut);
      if (2 * std::abs(fy) < shared[1])
      {
        gather(in[component] + point::rowOfFrequency(inLayout, fy) * inLayout.rowStride,
               inLayout.zStride,
               nzIn,
               halfIn,
               columnIn.data());
        forward->apply(columnIn.data(), work.data());
        for (int z = 0; z < nzOut; ++z)
        {
          const int fz = point::frequency(z, nzOut);
          if (2 * std::abs(fz) < shared[2])
          {
            const Complex * source = columnIn.data() + static_cast<std::ptrdiff_t>(fz < 0 ? fz + nzIn : fz) * halfIn;
            Complex *       target = columnOut.data() + static_cast<std::ptrdiff_t>(z) * halfOut;
            const double    angle = fy * shift[1] + fz * shift[2];
            const Real      c = Real(normalization * std::cos(angle)), s = Real(normalization * std::sin(angle));
            for (int i = 0; i < keptX; ++i)
            {
              const Complex & x = phaseX.data()[i];
              const Real      re = c * x.re - s * x.im, im = c * x.im + s * x.re;
              target[i].re = source[i].re * re - source[i].im * im;
              target[i].im = source[i].re * im + source[i].im * re;
            }
          }
        }
        backward->apply(columnOut.data(), work.data());
      }
      scatter(columnOut.data(), outLayout.zStride, nzOut, halfOut, out[component] + row * outLayout.rowStride);
    }
  }
}

void
CpuKernels::copyBlocks(const Complex * x,
                       std::ptrdiff_t  xStride,
                       Complex *       y,
                       std::ptrdiff_t  yStride,
                       std::size_t     width,
                       std::size_t     count)
{
#pragma omp parallel for num_threads(threadsFor(2 * width * count, sharedElements)) schedule(static)
  for (std::size_t block = 0; block < count; ++block)
  {
    std::memcpy(y + block * yStride, x + block * xStride, width * sizeof(Complex));
  }
}

} // namespace GNR_CPU_NAMESPACE
} // namespace gnr
