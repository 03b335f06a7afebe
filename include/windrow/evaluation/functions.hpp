#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "windrow/base/byte_stream.hpp"
#include "windrow/base/serialize.hpp"
#include "windrow/command/command.hpp"
#include "windrow/design/design.hpp"
#include "windrow/error.hpp"
#include "windrow/evaluation/options.hpp"
#include "windrow/parallel/rank_group.hpp"
#include "windrow/process/code_address.hpp"
#include "windrow/store/store.hpp"

namespace [[gnu::visibility("default")]] windrow {

namespace detail {

/// An evaluation with the model behind it, type-erased. build and evaluate may throw.
struct SweepFunctions {
  std::function<void()> build;
  std::function<std::vector<Value>(const Point&)> evaluate;
  /// Whether a failure may be the model's fault, so that it is built anew and the point tried once more.
  bool has_model = true;
};

template <typename T>
std::vector<Value> to_values(T&& result) {
  using Result = std::decay_t<T>;
  if constexpr (std::is_same_v<Result, std::vector<Value>>) {
    return std::forward<T>(result);
  } else if constexpr (std::is_constructible_v<Value, Result>) {
    return {Value(std::forward<T>(result))};
  } else {  // a sequence: std::array, std::vector<double>, ...
    std::vector<Value> values;
    for (const auto& item : result) values.emplace_back(item);
    return values;
  }
}

/// Base of a model that goes on to other sweeps (BuildOnce), and must hear of failed evaluations: Model::spoil().
struct LoanedModel {};

template <typename Evaluate, typename Model>
std::vector<Value> evaluate_by(Evaluate& evaluate, Model& model, const Point& point) {
  if constexpr (!std::derived_from<Model, LoanedModel>) {
    return to_values(evaluate(model, point));
  } else {
    try {
      return to_values(evaluate(model, point));
    } catch (const Rejected&) {  // before it did anything
      throw;
    } catch (...) {
      model.spoil();
      throw;
    }
  }
}

template <typename Build, typename Evaluate>
SweepFunctions sweep_functions(Build build, Evaluate evaluate) {
  using Model = std::decay_t<std::invoke_result_t<Build&>>;
  static_assert(!std::is_void_v<Model>, "build must return the model");
  auto model = std::make_shared<std::unique_ptr<Model>>();
  return {[model, build = std::move(build)]() mutable { model->reset(new Model(build())); },
          [model, evaluate = std::move(evaluate)](const Point& point) mutable {
            return evaluate_by(evaluate, **model, point);
          }};
}

template <typename F>
concept CaptureFree = std::is_empty_v<F> && std::is_default_constructible_v<F>;

template <typename F>
concept PlainFunction = std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>;

template <typename F>
concept SerializableFunction = std::is_default_constructible_v<F> && HasSerialize<F>;

/// Whether a function can be made again, from bytes, in a process that was forked before it existed.
template <typename F>
concept PortableFunction = CaptureFree<F> || PlainFunction<F> || SerializableFunction<F>;

template <PortableFunction F>
void put_function([[maybe_unused]] ByteWriter& out, [[maybe_unused]] const F& function) {
  if constexpr (PlainFunction<F>) {
    out.put(encode_address(reinterpret_cast<const void*>(function)));
  } else if constexpr (!CaptureFree<F>) {
    const Bytes bytes = to_bytes(function);
    out.put(static_cast<std::uint64_t>(bytes.size()));
    out.put_bytes(bytes);
  }
}

template <PortableFunction F>
F get_function([[maybe_unused]] ByteReader& in) {
  if constexpr (CaptureFree<F>) {
    return F();
  } else if constexpr (PlainFunction<F>) {
    return reinterpret_cast<F>(const_cast<void*>(decode_address(in.get<CodeAddress>())));
  } else {
    return from_bytes<F>(in.take(in.get<std::uint64_t>()));
  }
}

template <typename Build, typename Evaluate>
SweepFunctions functions_from_bytes(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  auto build = get_function<Build>(in);
  return sweep_functions(std::move(build), get_function<Evaluate>(in));
}

/// Functions for groups of ranks; may throw. The model is kept in the group.
struct GroupFunctions {
  std::function<std::shared_ptr<void>(const RankGroup&)> build;
  std::function<std::vector<Value>(const RankGroup&, const Point&)> evaluate;
  /// For a manager without ranks of MPI.
  std::shared_ptr<RankGroups> (*of_this_process)() = nullptr;
};

/// The functions of a sweep: for this process, and, if that is possible, for one that was forked earlier.
struct FunctionSource {
  std::function<SweepFunctions()> make;
  SweepFunctions (*make_elsewhere)(std::span<const std::byte>) = nullptr;  ///< null if they cannot go elsewhere
  Bytes bytes = {};                                                        ///< for make_elsewhere
  std::string reason = {};  ///< in words, why they can or cannot: "build and evaluate capture nothing"
};

template <typename Build, typename Evaluate>
FunctionSource function_source(Build build, Evaluate evaluate) {
  FunctionSource source;
  if constexpr (PortableFunction<Build> && PortableFunction<Evaluate>) {
    ByteWriter out;
    put_function(out, build);
    put_function(out, evaluate);
    source.make_elsewhere = functions_from_bytes<Build, Evaluate>;
    source.bytes = out.take();
    constexpr bool captures = SerializableFunction<Build> || SerializableFunction<Evaluate>;
    source.reason = captures ? "what build and evaluate hold can be serialized" : "build and evaluate capture nothing";
  } else {
    constexpr const char* which =
        PortableFunction<Evaluate> ? "build" : (PortableFunction<Build> ? "evaluate" : "build and evaluate");
    source.reason = std::string("what `") + which + "` captures cannot be serialized";
  }
  source.make = [build = std::move(build), evaluate = std::move(evaluate)] { return sweep_functions(build, evaluate); };
  return source;
}

/// What a sweep evaluates at its points, and how: one of the following.
class EvaluationKind;

/// @throws SpecError as Sweep's constructors say
std::shared_ptr<EvaluationKind> function_kind(FunctionSource functions, std::vector<Column> outputs,
                                              FunctionOptions options);
std::shared_ptr<EvaluationKind> group_kind(GroupFunctions functions, std::vector<Column> outputs, GroupOptions options);
std::shared_ptr<EvaluationKind> command_kind(Command command, ProgramOptions options);

}  // namespace detail
}  // namespace windrow
