// SPDX-License-Identifier: Apache-2.0
// Every hot kernel of kernels/kernels.h on the CPU, from volumes much larger than the caches: points per second, bytes
// per second with the traffic that kernels.h states, and their share of the STREAM triad's, which is measured
// immediately before each kernel with as many threads.
#include "Measure.h"

#include "kernels/Buffer.h"
#include "kernels/kernels.h"

#include <omp.h>

#include <cmath>
#include <memory>

namespace
{

using gnr::Buffer;
using gnr::ComplexBuffer;
using gnr::Interpolation;
using gnr::Kernels;
using gnr::Padded;
using gnr::Real;
using gnr::Symbol;
using gnr::VectorView;

constexpr double pi = 3.14159265358979323846;

/** Halo of all padded arrays: displacements reach 4 voxels, and cubic interpolation 2 further. */
constexpr int halo = 6;

/** The arrays that all benchmarks work on: about 100 bytes per voxel. */
class Fields
{
public:
  Fields(Kernels & kernels, const gnr::Extents & e)
    : extents(e)
    , points(e.points())
    , scalar(kernels, points)
    , displacement(kernels, 3 * points)
  {
    for (int i = 0; i < 5; ++i)
    {
      vectors_.emplace_back(kernels, 3 * points);
      fill(kernels, vectors_.back().data(), 3, 1.0, 0.3 + i);
    }
    fill(kernels, scalar.data(), 1, 1.0, 0.1);
    fill(kernels, displacement.data(), 3, 4.0, 0.7);
    for (int c = 0; c < 3; ++c)
    {
      spectra_.emplace_back(kernels, (e.nx / 2 + 1) * static_cast<std::size_t>(e.ny) * e.nz);
      spectrum[c] = spectra_.back().data();
      addPadded(kernels, c);
    }
    layout.size[0] = e.nx;
    layout.size[1] = e.ny;
    layout.size[2] = e.nz;
    layout.setRows(0, e.ny);
    layout.rowStride = layout.nxHalf();
    layout.zStride = static_cast<std::ptrdiff_t>(layout.nxHalf()) * e.ny;
    symbol.kind = Symbol::Kind::InverseRegularization;
    symbol.beta = 2e-3;
    symbol.gamma = 8.0;
    for (int a = 0; a < 3; ++a)
    {
      symbol.waveNumber[a] = 2.0 * pi / layout.size[a];
      symbol.tau[a] = 0.7;
    }
    symbol.kMinimum = 2.0 * pi / std::max({ e.nx, e.ny, e.nz });
    symbol.ell = 1.0 / symbol.kMinimum;
  }

  VectorView
  vector(int i) const
  {
    return { vectors_[i].data(), points };
  }
  VectorView
  displacements() const
  {
    return { displacement.data(), points };
  }

  gnr::Extents        extents;
  std::size_t         points;
  Buffer              scalar;
  Buffer              displacement; ///< voxels, up to 4, with every integer part between -4 and 3
  Padded              padded[3];
  gnr::Complex *      spectrum[3];
  gnr::SpectrumLayout layout;
  Symbol              symbol;

private:
  /** Waves of about 50 voxels, different in every component; |value| <= amplitude, which is reached. */
  void
  fill(Kernels & kernels, Real * data, int components, double amplitude, double phase) const
  {
    const gnr::Extents & e = extents;
    std::vector<Real>    host(points);
    for (int c = 0; c < components; ++c)
    {
      const auto wave = [=](int i, int n, int axis) {
        return std::sin(2.0 * pi * i / n * std::max(1, n / (47 + 3 * c)) + phase + c + 2 * axis);
      };
      std::vector<double> x(e.nx), y(e.ny), z(e.nz);
      for (int i = 0; i < e.nx; ++i)
      {
        x[i] = wave(i, e.nx, 0);
      }
      for (int j = 0; j < e.ny; ++j)
      {
        y[j] = wave(j, e.ny, 1);
      }
      for (int k = 0; k < e.nz; ++k)
      {
        z[k] = wave(k, e.nz, 2);
      }
      std::size_t o = 0;
      for (int k = 0; k < e.nz; ++k)
      {
        for (int j = 0; j < e.ny; ++j)
        {
          for (int i = 0; i < e.nx; ++i)
          {
            host[o++] = static_cast<Real>(amplitude * (x[i] + y[j] + z[k]) / 3.0);
          }
        }
      }
      kernels.copyFromHost(host.data(), data + c * points, points * sizeof(Real));
    }
  }

  /** Only pad() fills halos here, so those along z are plain memory that holds zeros: as fast as any other. */
  void
  addPadded(Kernels & kernels, int c)
  {
    Padded & p = padded[c];
    p.interior = extents;
    p.halo[0] = p.halo[1] = p.halo[2] = halo;
    p.rowStride = extents.nx + 2 * halo;
    p.planeStride = p.rowStride * (extents.ny + 2 * halo);
    const std::size_t n = static_cast<std::size_t>(p.planeStride) * (extents.nz + 2 * halo);
    paddedMemory_.emplace_back(kernels, n);
    kernels.fill(paddedMemory_.back().data(), n, Real(0));
    p.origin = paddedMemory_.back().data() + halo * (1 + p.rowStride + p.planeStride);
    kernels.pad(vector(0)[c], p);
  }

  std::vector<Buffer>        vectors_, paddedMemory_;
  std::vector<ComplexBuffer> spectra_;
};

/** One kernel: what a call does, how many values it treats, and the bytes that each of them moves. */
struct Case
{
  std::string                              name;
  double                                   values;
  double                                   bytesPerValue;
  std::function<void(Kernels &, Fields &)> body;
  std::function<void(Kernels &, Fields &)> prepare;
};

std::vector<Case>
makeCases(const Fields & fields)
{
  const double        n = static_cast<double>(fields.points);
  const std::size_t   size = 3 * fields.points;
  static const double one[3] = { 1.0, 1.0, 1.0 };

  const auto interpolate = [](Interpolation kind, bool factor) {
    return [=](Kernels & k, Fields & f) {
      k.interpolate(f.padded[0], f.displacements(), factor ? f.scalar.data() : nullptr, kind, f.vector(0)[0]);
    };
  };
  const auto gradientDot = [](Real b) {
    return [=](Kernels & k, Fields & f) { k.gradientDot(f.padded[0], one, f.vector(0), 1, b, f.vector(1)[0]); };
  };
  const auto derivative = [](int axis) {
    return [=](Kernels & k, Fields & f) { k.derivative(f.padded[0], axis, 1.0, 1, 0, f.vector(1)[0]); };
  };
  const auto forward = [](Kernels & k, Fields & f) {
    for (int c = 0; c < 3; ++c)
    {
      k.forwardPlanes(f.vector(0)[c], f.extents, f.spectrum[c], f.layout.rowStride);
    }
  };
  const auto symbol = [](Kernels & k, Fields & f) { k.applySymbol(f.spectrum, 3, f.layout, f.symbol); };
  const auto backward = [](Kernels & k, Fields & f) {
    for (int c = 0; c < 3; ++c)
    {
      k.backwardPlanes(f.spectrum[c], f.layout.rowStride, f.extents, f.vector(1)[c]);
    }
  };

  gnr::Window window;
  window.radius = 6; // as wide as a Gaussian of 2 voxels
  window.weight[0] = Real(0.2);
  for (int q = 1; q <= window.radius; ++q)
  {
    window.weight[q] = Real(0.4 / window.radius);
  }

  // A spectrum holds about as many bytes as its real field: 4 B in and 4 B out for each of the three steps.
  return {
    { "interpolate cubic", n, 20, interpolate(Interpolation::Cubic, false), nullptr },
    { "interpolate cubic, factor", n, 24, interpolate(Interpolation::Cubic, true), nullptr },
    { "interpolate linear", n, 20, interpolate(Interpolation::Linear, false), nullptr },
    { "gradientDot", n, 20, gradientDot(0), nullptr },
    { "gradientDot, added", n, 24, gradientDot(1), nullptr },
    { "scaledGradient, added",
      n,
      32,
      [](Kernels & k, Fields & f) { k.scaledGradient(f.padded[0], one, f.scalar.data(), 1, 1, f.vector(1)); },
      nullptr },
    { "derivative x", n, 8, derivative(0), nullptr },
    { "derivative y", n, 8, derivative(1), nullptr },
    { "derivative z", n, 8, derivative(2), nullptr },
    { "jacobianDeterminant",
      n,
      16,
      [](Kernels & k, Fields & f) { k.jacobianDeterminant(f.padded, one, f.vector(1)[0]); },
      nullptr },
    { "convolvePlanes, radius 6",
      n,
      8,
      [=](Kernels & k, Fields & f) { k.convolvePlanes(f.scalar.data(), f.extents, window, window, f.vector(1)[0]); },
      nullptr },
    { "convolveAcross, radius 6",
      n,
      8,
      [=](Kernels & k, Fields & f) { k.convolveAcross(f.padded[0], window, f.vector(1)[0]); },
      nullptr },
    { "localCorrelation",
      n,
      20,
      [=](Kernels & k, Fields & f) {
        benchmark::DoNotOptimize(
          k.localCorrelation({ f.vector(0)[0], f.vector(0)[1], f.vector(0)[2], f.vector(1)[0], f.vector(1)[1] },
                             Real(1e-3),
                             1,
                             0,
                             f.points));
      },
      nullptr },
    { "pad", n, 8, [](Kernels & k, Fields & f) { k.pad(f.scalar.data(), f.padded[0]); }, nullptr },
    { "dot",
      3 * n,
      8,
      [=](Kernels & k, Fields & f) { benchmark::DoNotOptimize(k.dot(f.vector(0).data, f.vector(1).data, size)); },
      nullptr },
    { "dotSum",
      3 * n,
      12,
      [=](Kernels & k, Fields & f) {
        benchmark::DoNotOptimize(k.dotSum(f.vector(0).data, f.vector(1).data, f.vector(2).data, size));
      },
      nullptr },
    { "krylovUpdate",
      3 * n,
      28,
      [=](Kernels & k, Fields & f) {
        k.krylovUpdate(
          Real(1e-3), f.vector(0).data, f.vector(1).data, f.vector(2).data, f.vector(3).data, f.vector(4).data, size);
      },
      nullptr },
    { "krylovDirection",
      3 * n,
      24,
      [=](Kernels & k, Fields & f) {
        k.krylovDirection(
          Real(0.5), f.vector(0).data, f.vector(1).data, Real(0.1), f.vector(2).data, f.vector(3).data, size);
      },
      nullptr },
    { "forwardPlanes x 3", 3 * n, 8, forward, nullptr },
    { "applySymbol x 3", 3 * n, 8, symbol, forward },
    { "backwardPlanes x 3", 3 * n, 8, backward, forward },
    { "inverse regularisation",
      3 * n,
      24,
      [=](Kernels & k, Fields & f) {
        forward(k, f);
        symbol(k, f);
        backward(k, f);
      },
      nullptr },
  };
}

void
registerCase(const Case & item, int threads, Kernels & kernels, Fields & fields, measure::Triad & triad)
{
  const auto run = [=, &kernels, &fields, &triad](benchmark::State & state) {
    const measure::Seconds stream = triad.run(threads);
    std::function<void()>  prepare;
    if (item.prepare)
    {
      prepare = [&]() { item.prepare(kernels, fields); };
    }
    const measure::Seconds call = measure::loop(state, [&]() { item.body(kernels, fields); }, prepare);
    const double           bytes = item.values * item.bytesPerValue;
    state.counters["points/s"] = item.values / call.wall;
    state.counters["points/CPU-s"] = item.values / call.cpu;
    state.counters["bytes/s"] = bytes / call.wall;
    state.counters["STREAM bytes/s"] = measure::Triad::bytes / stream.wall;
    state.counters["share of STREAM"] = bytes / call.wall / (measure::Triad::bytes / stream.wall);
    state.counters["share of STREAM, CPU time"] = bytes / call.cpu / (measure::Triad::bytes / stream.cpu);
  };
  benchmark::RegisterBenchmark((item.name + "/threads:" + std::to_string(threads)).c_str(), run)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
}

} // namespace

int
main(int argc, char * argv[])
{
  std::vector<int> size{ 256, 300, 256 };
  int              most = omp_get_max_threads();
  CLI::App parser("Kernels of the CPU backend, with one and with all threads. Further options are those of Google "
                  "Benchmark, e.g. --benchmark_filter=interpolate --benchmark_out=kernels.json",
                  "benchmark-kernels");
  parser.add_option("--size", size, "Voxels along x, y, z")
    ->expected(3)
    ->capture_default_str()
    ->check(CLI::Range(16, 2048));
  parser.add_option("--threads", most, "Most threads")->capture_default_str()->check(CLI::Range(1, 1024));
  parser.allow_extras();
  CLI11_PARSE(parser, argc, argv);
  if (!measure::initialize(parser.remaining()))
  {
    return 2;
  }

  std::vector<std::unique_ptr<Kernels>> backends;
  for (const int threads : measure::threadCounts(most))
  {
    backends.push_back(gnr::makeCpuKernels(threads));
  }
  gnr::Extents extents;
  extents.nx = size[0];
  extents.ny = size[1];
  extents.nz = size[2];
  Fields         fields(*backends.back(), extents);
  measure::Triad triad;
  benchmark::AddCustomContext("kernels", backends.front()->description());
  benchmark::AddCustomContext(
    "voxels", std::to_string(size[0]) + " x " + std::to_string(size[1]) + " x " + std::to_string(size[2]));
  for (const Case & item : makeCases(fields))
  {
    for (std::size_t b = 0; b < backends.size(); ++b)
    {
      registerCase(item, measure::threadCounts(most)[b], *backends[b], fields, triad);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
