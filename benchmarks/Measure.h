// SPDX-License-Identifier: Apache-2.0
#ifndef gnr_benchmarks_Measure_h
#define gnr_benchmarks_Measure_h

#include <CLI/CLI.hpp>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

/** What the benchmarks of internals share: clocks, the STREAM triad, the loop of one benchmark, the command line. */
namespace measure
{

/** Seconds; `cpu` adds up all threads of this process. */
struct Seconds
{
  double wall = 0.0;
  double cpu = 0.0;

  /** The smaller of this and what passed from `begin` to `end`. */
  Seconds
  with(const Seconds & begin, const Seconds & end) const
  {
    return { std::min(wall, end.wall - begin.wall), std::min(cpu, end.cpu - begin.cpu) };
  }
};

inline Seconds
now()
{
  timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  const auto wall = std::chrono::steady_clock::now().time_since_epoch();
  return { std::chrono::duration<double>(wall).count(), cpu.tv_sec + 1e-9 * cpu.tv_nsec };
}

/** The triad a = b + s c of STREAM (McCalpin): memory bandwidth that a plain loop reaches. Each array is much larger
 * than a cache (256 MB); an element counts 24 bytes, as STREAM does it. */
class Triad
{
public:
  Triad()
    : a_(elements, 0.0)
    , b_(elements, 1.0)
    , c_(elements, 2.0)
  {}

  /** The best of five passes: the shortest wall and the shortest CPU time. */
  Seconds
  run(int threads)
  {
    double * const       a = a_.data();
    const double * const b = b_.data();
    const double * const c = c_.data();
    Seconds              best{ 1e30, 1e30 };
    for (int pass = 0; pass < 5; ++pass)
    {
      const Seconds begin = now();
#pragma omp parallel for schedule(static) num_threads(threads)
      for (std::ptrdiff_t i = 0; i < elements; ++i)
      {
        a[i] = b[i] + 3.0 * c[i];
      }
      const Seconds end = now();
      benchmark::ClobberMemory();
      best = best.with(begin, end);
    }
    return best;
  }

  static constexpr double bytes = 24.0 * (1 << 25);

private:
  static constexpr std::ptrdiff_t elements = 1 << 25;

  std::vector<double> a_, b_, c_;
};

/** Times body(), preceded each time by prepare() (may be empty), which does not count. The first call of both is not
 * timed at all: it touches the memory and makes plans. Returns the shortest wall and the shortest CPU time of a call;
 * the averages are Google Benchmark's. */
inline Seconds
loop(benchmark::State & state, const std::function<void()> & body, const std::function<void()> & prepare = nullptr)
{
  if (prepare)
  {
    prepare();
  }
  body();
  Seconds best{ 1e30, 1e30 };
  for (auto _ : state)
  {
    if (prepare)
    {
      state.PauseTiming();
      prepare();
      state.ResumeTiming();
    }
    const Seconds begin = now();
    body();
    const Seconds end = now();
    best = best.with(begin, end);
  }
  return best;
}

/** 1 and the most threads, once each. */
inline std::vector<int>
threadCounts(int most)
{
  return most > 1 ? std::vector<int>{ 1, most } : std::vector<int>{ 1 };
}

/** Hands what the parser left over to Google Benchmark. False, with a message, if that does not know it either. */
inline bool
initialize(const std::vector<std::string> & options)
{
  // Google Benchmark keeps a pointer to the first of them. Two seconds: several calls even of the slowest kernel, so
  // that one disturbance does not decide. Later options override earlier ones.
  static std::vector<std::string> texts{ "benchmark", "--benchmark_counters_tabular=true", "--benchmark_min_time=2" };
  texts.insert(texts.end(), options.begin(), options.end());
  std::vector<char *> arguments;
  for (std::string & text : texts)
  {
    arguments.push_back(&text[0]);
  }
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  return !benchmark::ReportUnrecognizedArguments(count, arguments.data());
}

} // namespace measure

#endif
