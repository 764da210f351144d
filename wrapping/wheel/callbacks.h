// SPDX-License-Identifier: Apache-2.0
#ifndef gnrpy_callbacks_h
#define gnrpy_callbacks_h

// What the solver calls in Python while it runs, and the arrays that pass between the two.

#include "gnr/CustomMeasure.h"
#include "gnr/Error.h"
#include "gnr/Observer.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

namespace gnrpy
{

namespace nb = nanobind;

using Volume = nb::ndarray<const float, nb::ndim<3>, nb::c_contig, nb::device::cpu>;       // [z, y, x]
using VectorVolume = nb::ndarray<const float, nb::ndim<4>, nb::c_contig, nb::device::cpu>; // [z, y, x, component]
using NewArray = nb::ndarray<nb::numpy, float, nb::c_contig>;

inline NewArray
makeArray(std::initializer_list<std::size_t> shape)
{
  std::size_t count = 1;
  for (const std::size_t n : shape)
  {
    count *= n;
  }
  float * const data = new float[count];
  return NewArray(data, shape, nb::capsule(data, [](void * p) noexcept { delete[] static_cast<float *>(p); }));
}

/** Calls back into Python, at most every tenth of a second to ask for signals; an error there ends the solve. */
class PythonObserver : public gnr::Observer
{
public:
  explicit PythonObserver(nb::object callback)
    : callback_(std::move(callback))
  {}

  void
  onEvent(const gnr::Event & event) override
  {
    switch (event.kind)
    {
      case gnr::Event::Kind::Level:
        call("level", [&] {
          nb::dict values;
          values["level"] = event.level.level + 1;
          values["size"] = nb::make_tuple(event.level.grid.size[0], event.level.grid.size[1], event.level.grid.size[2]);
          values["beta"] = event.level.beta;
          return values;
        });
        break;
      case gnr::Event::Kind::Iteration:
        call("iteration", [&] {
          nb::dict values;
          values["level"] = event.iteration.level + 1;
          values["iteration"] = event.iteration.iteration;
          values["objective"] = event.iteration.objective;
          values["mismatch"] = event.iteration.mismatch;
          values["relativeGradient"] = event.iteration.relativeGradient;
          values["krylovIterations"] = event.iteration.krylovIterations;
          values["seconds"] = event.iteration.seconds;
          return values;
        });
        break;
      case gnr::Event::Kind::Progress:
        call("progress", [&] {
          nb::dict values;
          values["share"] = event.progress;
          return values;
        });
        break;
      case gnr::Event::Kind::Message:
        call("message", [&] {
          nb::dict values;
          values["text"] = event.message;
          return values;
        });
        break;
      case gnr::Event::Kind::InputsRead:
        break;
    }
  }
  gnr::Request
  poll() override
  {
    const auto now = std::chrono::steady_clock::now();
    if (!error_ && now - asked_ > std::chrono::milliseconds(100))
    {
      asked_ = now;
      const nb::gil_scoped_acquire held;
      if (PyErr_CheckSignals() != 0)
      {
        error_.emplace();
      }
    }
    return error_ ? gnr::Request::Abort : stop_ ? gnr::Request::Stop : gnr::Request::Continue;
  }

  /** What was raised in Python during the solve. */
  void
  raise()
  {
    if (error_)
    {
      throw std::move(*error_);
    }
  }

private:
  template <typename Values>
  void
  call(const char * event, Values values)
  {
    if (error_ || callback_.is_none())
    {
      return;
    }
    const nb::gil_scoped_acquire held;
    try
    {
      const nb::object answer = callback_(event, values());
      stop_ = stop_ || (nb::isinstance<nb::bool_>(answer) && !nb::cast<bool>(answer));
    }
    catch (nb::python_error & error)
    {
      error_.emplace(std::move(error));
    }
  }

  nb::object                            callback_;
  std::optional<nb::python_error>       error_;
  bool                                  stop_ = false;
  std::chrono::steady_clock::time_point asked_;
};

/** A measure that is a function of Python, of three arrays [z, y, x]: fixed, deformed moving image and weight (or
 * None). It returns the value, the force and, if it likes, the curvature. */
class PythonMeasure : public gnr::CustomMeasure
{
public:
  explicit PythonMeasure(nb::object function)
    : function_(std::move(function))
  {}

  double
  compare(const Images & images, float * force, float * curvature) override
  {
    const nb::gil_scoped_acquire held;
    try
    {
      const auto &      n = images.grid.size;
      const std::size_t shape[3] = { std::size_t(n[2]), std::size_t(n[1]), std::size_t(n[0]) };
      const auto        copy = [&](const float * values) -> nb::object {
        if (values == nullptr)
        {
          return nb::none();
        }
        NewArray array = makeArray({ shape[0], shape[1], shape[2] });
        std::copy(values, values + array.size(), array.data());
        return nb::cast(array);
      };
      const nb::object answer = function_(copy(images.fixed), copy(images.moving), copy(images.weight));
      const auto       parts = nb::cast<nb::sequence>(answer);
      const auto       take = [&](std::size_t index, float * values) {
        const auto array = nb::cast<Volume>(parts[index]);
        if (array.shape(0) != shape[0] || array.shape(1) != shape[1] || array.shape(2) != shape[2])
        {
          throw nb::value_error("measure: force and curvature must have the shape of the images");
        }
        std::copy(array.data(), array.data() + array.size(), values);
      };
      if (force != nullptr)
      {
        take(1, force);
        if (nb::len(parts) > 2)
        {
          take(2, curvature);
        }
      }
      return nb::cast<double>(parts[0]);
    }
    catch (nb::python_error & error)
    {
      error_.emplace(std::move(error));
    }
    catch (const nb::cast_error &)
    {
      wrong_ = "measure: it must return a number and one or two float32 arrays [z, y, x]";
    }
    catch (const nb::builtin_exception & error)
    {
      wrong_ = error.what();
    }
    throw gnr::Error(gnr::ErrorKind::Aborted, "the measure has failed");
  }

  /** What was raised in it, or is wrong with what it has returned. */
  void
  raise()
  {
    if (error_)
    {
      throw std::move(*error_);
    }
    if (!wrong_.empty())
    {
      throw gnr::Error(gnr::ErrorKind::BadInput, wrong_);
    }
  }

private:
  nb::object                      function_;
  std::optional<nb::python_error> error_;
  std::string                     wrong_;
};

} // namespace gnrpy

#endif
