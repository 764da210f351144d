// SPDX-License-Identifier: Apache-2.0
// What one iteration of the Krylov solver costs at a velocity that is not zero, and its parts. A Krylov iteration is
// one Hessian product (2 nt interpolations, 2 (nt + 1) fused gradients), one application of the preconditioner (inva:
// 3 + 3 FFTs) and the vector algebra between them.
#include "Measure.h"
#include "problems.h"

#include "model/Characteristics.h"
#include "model/Differences.h"
#include "optimization/KrylovSolver.h"

#include <omp.h>

#include <map>

namespace
{

using gnr::Buffer;
using gnr::Preconditioner;

// Residual of the Newton system that the inner solves of the preconditioners are asked for, as in a second Newton step.
constexpr double forcing = 0.3;

/** Nobody interrupts a benchmark. */
class NoControl : public gnr::Control
{
public:
  std::optional<gnr::StopReason>
  interruption() override
  {
    return {};
  }
  double
  seconds() const override
  {
    return 0.0;
  }
  void
  onIteration(const gnr::IterationRecord &) override
  {}
};

double
image(double x, double y, double z)
{
  return problems::templateImage(3.0 * x, 2.0 * y, 3.0 * z);
}

gnr::Grid
cube(int n)
{
  gnr::Grid grid; // voxels of 1 mm
  grid.size = { { n, n, n } };
  return grid;
}

/** A pair of images, and the velocity at which the Hessian is taken. */
struct Problem
{
  Problem(int n, int threads, const gnr::Options & options)
    : bench(cube(n), gnr::makeCpuKernels(threads))
    , domain(bench.domain())
    , kernels(bench.kernels())
    , transform(domain)
    , fixed(bench.scalar([](double x, double y, double z) { return image(x - 0.1 * std::sin(y), y, z); }))
    , moving(bench.scalar(image))
    , reduced(transform,
              options,
              gnr::ImageSet{ gnr::compare(gnr::makeMeasures({}), domain, fixed.data(), moving.data()) })
    // 8 voxels from end to end: 2 in each of 4 steps.
    , v(bench.vector(problems::smoothVelocity(8.0)))
    , gradient(domain.vector())
    , a(domain.vector())
    , b(domain.vector())
    , c(domain.vector())
    , d(domain.vector())
    , r(domain.vector())
  {
    reduced.setVelocity(view(v), options.timeSteps, view(a));
    reduced.gradientOfTerms(view(v), view(gradient));
  }

  gnr::VectorView
  view(const Buffer & field) const
  {
    return domain.view(field);
  }

  problems::Bench       bench;
  gnr::Domain &         domain;
  gnr::Kernels &        kernels;
  gnr::FourierTransform transform;
  Buffer                fixed, moving;
  gnr::Objective        reduced;
  Buffer                v, gradient;   ///< mm per unit time; b of gradientOfTerms()
  Buffer                a, b, c, d, r; ///< vector fields to work on
};

/** Problems are made when they are first needed; one at a time, to spare memory. */
class Problems
{
public:
  explicit Problems(const gnr::Options & options)
    : options_(options)
  {}

  Problem &
  get(int n, int threads)
  {
    if (!problem_ || n != n_ || threads != threads_)
    {
      problem_.reset();
      problem_ = std::make_unique<Problem>(n, threads, options_);
      n_ = n;
      threads_ = threads;
    }
    return *problem_;
  }

private:
  gnr::Options             options_;
  std::unique_ptr<Problem> problem_;
  int                      n_ = 0;
  int                      threads_ = 0;
};

void
tell(benchmark::State & state, const measure::Seconds & call, int number)
{
  state.counters["CPU-s each"] = call.cpu / number;
  state.counters["s each"] = call.wall / number;
}

/** Iterations of the solver itself, from the negative gradient, without a tolerance that would end them. */
void
krylovIteration(benchmark::State & state, Problem & p, Preconditioner kind)
{
  constexpr int            iterations = 5;
  NoControl                control;
  const auto               preconditioner = gnr::makePreconditioner(kind, p.reduced);
  const gnr::KrylovVectors vectors{ p.a.data(), p.r.data(), p.b.data(), p.c.data(), p.d.data() };
  double                   squaredNorm = 0.0;
  int                      done = iterations;
  preconditioner->refresh(forcing);
  const auto prepare = [&]() {
    p.kernels.axpby(-1, p.gradient.data(), 0, p.r.data(), p.r.size());
    preconditioner->apply(p.r.data(), p.b.data());
    squaredNorm = p.domain.inner(p.r.data(), p.b.data(), p.r.size());
  };
  const auto solve = [&]() {
    done = std::min(
      done,
      gnr::solveNewtonSystem(p.reduced, *preconditioner, control, squaredNorm, 0.0, iterations, vectors).iterations);
  };
  const measure::Seconds call = measure::loop(state, solve, prepare);
  if (done != iterations)
  {
    state.SkipWithError("the solver ended early: no cost of an iteration");
  }
  tell(state, call, iterations);
}

void
hessianProduct(benchmark::State & state, Problem & p)
{
  tell(state, measure::loop(state, [&]() { p.reduced.hessianOfTerms(p.view(p.gradient), p.view(p.a)); }), 1);
}

void
preconditioner(benchmark::State & state, Problem & p, Preconditioner kind)
{
  const auto operation = gnr::makePreconditioner(kind, p.reduced);
  operation->refresh(forcing);
  tell(state, measure::loop(state, [&]() { operation->apply(p.gradient.data(), p.a.data()); }), 1);
}

/** One interpolation at the departure points of the velocity, with the halo that it needs; and that alone. */
void
interpolation(benchmark::State & state, Problem & p, int steps)
{
  const auto largest = p.domain.maximaAbsolute(p.view(p.v));
  gnr::departurePoints(p.domain, p.view(p.v), largest, 1.0 / steps, p.view(p.a), p.view(p.b));
  const gnr::Halo halo = gnr::interpolationHalo(p.domain, p.view(p.a));
  const auto      once = [&]() {
    p.kernels.interpolate(
      p.domain.padded(p.v.data(), halo), p.view(p.a), nullptr, gnr::Interpolation::Cubic, p.b.data());
  };
  tell(state, measure::loop(state, once), 1);
}

/** One fused gradient v . grad m with the halo that it needs. */
void
fusedGradient(benchmark::State & state, Problem & p)
{
  const auto once = [&]() {
    p.kernels.gradientDot(
      p.domain.padded(p.v.data(), gnr::differenceHalo()), p.domain.inverseSpacing(), p.view(p.v), 1, 0, p.b.data());
  };
  tell(state, measure::loop(state, once), 1);
}

} // namespace

int
main(int argc, char * argv[])
{
  const std::map<std::string, Preconditioner> kinds{ { "inva", Preconditioner::InvA },
                                                     { "invh0", Preconditioner::InvH0 },
                                                     { "twolevel", Preconditioner::TwoLevelInvH0 } };
  std::vector<int>                            sizes{ 64, 128, 192 };
  std::vector<std::string>                    names{ "inva" };
  int                                         most = omp_get_max_threads();
  gnr::Options                                options;
  CLI::App                                    parser(
    "One Krylov iteration and its parts, H1, on cubes, with one and with all threads. Further options are those of "
                                       "Google Benchmark, e.g. --benchmark_filter=/128/ --benchmark_out=hessian.json",
    "benchmark-hessian");
  parser.add_option("--sizes", sizes, "Voxels along each axis")->capture_default_str()->check(CLI::Range(16, 1024));
  parser.add_option("--preconditioners", names, "Which of inva, invh0, twolevel")
    ->capture_default_str()
    ->check(CLI::IsMember({ "inva", "invh0", "twolevel" }));
  parser.add_option("--time-steps", options.timeSteps, "Semi-Lagrangian steps")
    ->capture_default_str()
    ->check(CLI::Range(1, 64));
  parser.add_option("--threads", most, "Most threads")->capture_default_str()->check(CLI::Range(1, 1024));
  parser.allow_extras();
  CLI11_PARSE(parser, argc, argv);
  if (!measure::initialize(parser.remaining()))
  {
    return 2;
  }
  benchmark::AddCustomContext("kernels", gnr::makeCpuKernels(1)->description());
  benchmark::AddCustomContext("timeSteps", std::to_string(options.timeSteps));

  Problems   problems(options);
  const auto add = [&](const std::string & name, int n, int threads, const auto & run) {
    const std::string full = name + "/" + std::to_string(n) + "/threads:" + std::to_string(threads);
    benchmark::RegisterBenchmark(full.c_str(),
                                 [=, &problems](benchmark::State & state) {
                                   try
                                   {
                                     run(state, problems.get(n, threads));
                                   }
                                   catch (const std::exception & error)
                                   {
                                     state.SkipWithError(error.what());
                                   }
                                 })
      ->Unit(benchmark::kMillisecond)
      ->MeasureProcessCPUTime()
      ->UseRealTime();
  };
  for (const int n : sizes)
  {
    for (const int threads : measure::threadCounts(most))
    {
      for (const std::string & name : names)
      {
        const Preconditioner kind = kinds.at(name);
        add("Krylov iterations " + name, n, threads, [=](benchmark::State & s, Problem & p) {
          krylovIteration(s, p, kind);
        });
      }
      add("Hessian product", n, threads, hessianProduct);
      for (const std::string & name : names)
      {
        const Preconditioner kind = kinds.at(name);
        add(
          "preconditioner " + name, n, threads, [=](benchmark::State & s, Problem & p) { preconditioner(s, p, kind); });
      }
      add("interpolation", n, threads, [=](benchmark::State & s, Problem & p) {
        interpolation(s, p, options.timeSteps);
      });
      add("fused gradient", n, threads, fusedGradient);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
