#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "windrow/design/compose.hpp"
#include "windrow/design/correlated.hpp"
#include "windrow/design/design.hpp"
#include "windrow/design/methods.hpp"
#include "windrow/error.hpp"
#include "windrow/parallel/manager.hpp"
#include "windrow/run/ask_tell.hpp"
#include "windrow/run/sweep.hpp"
#include "windrow/store/store.hpp"
#include "windrow/windrow.h"

/// What stands behind the handles of the C interface.

struct windrow_design {
  std::vector<windrow::Parameter> parameters;
  std::string method = "grid";
  std::uint64_t points = 0;
  std::uint64_t seed = 0;
  std::vector<windrow::MethodOption> options{};      ///< but `points`
  std::vector<windrow::Correlation> correlations{};  ///< of its own parameters
  std::vector<std::vector<std::string>> zipped{};
  std::vector<windrow::Block> blocks{};         ///< that it is crossed with
  std::vector<windrow::Design> parts{};         ///< that are appended to all that
  std::vector<std::string> conditions{};        ///< that hold at its points
  std::uint64_t replicates = 0;                 ///< 0: each point once, without a number
  mutable std::optional<windrow::Design> made;  ///< when it was first asked for, until it is changed

  const windrow::Design& get() const;
};

struct windrow_manager {
  std::unique_ptr<windrow::ParallelManager> manager;
};

struct windrow_point {
  windrow::Point point;
  std::string message;
};

struct windrow_sweep {
  windrow::Design design;
  std::vector<windrow::Column> outputs;
  windrow::SweepOptions options;
  std::string version = "1";
  std::optional<windrow::Isolation> isolation = {};
  windrow::Isolated isolated = {};  ///< of which limits have been set, with or without `isolation`
  windrow_build_function build = nullptr;
  windrow_destroy_function destroy = nullptr;

  /// @throws SpecError for limits without isolation
  windrow::FunctionOptions function_options() const;
};

struct windrow_result {
  windrow::SweepResult result;
  std::string summary;
  std::optional<windrow::StoreReader> reader;  ///< once it is needed
};

struct windrow_asked {
  windrow_asked(const windrow_sweep& sweep, windrow::ParallelManager& manager)
      : outputs(sweep.outputs.size()), session(manager, sweep.design, sweep.outputs, sweep.options, sweep.version) {}

  std::size_t outputs;
  windrow::AskTell session;
  std::optional<windrow_point> point;  ///< that was asked for last
};

namespace [[gnu::visibility("default")]] windrow {
namespace detail {

/// Runs `action`; what it throws becomes a status, and the message of windrow_last_error().
windrow_status guarded(const std::function<void()>& action) noexcept;

/// @throws SpecError if it is NULL. @param what  "the design"
template <typename T>
T& given(T* pointer, const char* what) {
  if (pointer == nullptr) throw SpecError(std::string(what) + " is NULL");
  return *pointer;
}

/// Fails the call with WINDROW_POINT_FAILED.
struct PointFailed {
  std::string message;
};

/// @throws SpecError as windrow_sweep_set_option() says
void set_option(windrow_sweep& sweep, const std::string& name, const std::string& value);

/// @throws SpecError as windrow_design_set_method_option() says
MethodOption method_option(std::string_view method, const std::string& name, const std::string& value);

/// @throws SpecError if one of them is not a number
void copy_numbers(const std::vector<Value>& values, double* numbers);
/// The same of parameters, of which the name of a bundle's entry counts as its place.
void copy_numbers(const Point& point, double* numbers);
/// The value of a parameter that a number says: of a bundle the name of the entry at this place.
/// @throws SpecError if there is none
Value value_for(const Parameter& parameter, double number);

}  // namespace detail
}  // namespace windrow
