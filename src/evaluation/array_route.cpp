#include "evaluation/interface/array_route.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

constexpr std::uint64_t kMostWithOutcome = std::uint64_t{1} << 30U;  // bytes; a message holds at most twice as many

/// Arrays go as a worker's pieces.
class WorkerCarrier : public ArrayCarrier {
 public:
  explicit WorkerCarrier(WorkerContext& context) : context_(context) {}
  void send_piece(std::span<const std::byte> piece) override { context_.send_piece(piece); }
  void stored(double seconds) override { context_.spent(&ActivityTimes::store, seconds); }

 private:
  WorkerContext& context_;
};

bool is_array(const Column& column) {
  return is_array_type(column.type);
}

}  // namespace

ArrayRoute::ArrayRoute(const std::vector<Column>& outputs, const ArrayOffer& offer, bool is_root)
    : outputs_(outputs),
      has_arrays_(std::any_of(outputs.begin(), outputs.end(), is_array)),
      has_store_(!offer.directory.empty()),
      delivery_(offer, is_root) {}

ArrayFile ArrayRoute::send_file(const std::filesystem::path& file, WorkerContext& context) const {
  WorkerCarrier carrier(context);
  return delivery_.send(file, carrier);
}

std::optional<TaskFailure> ArrayRoute::send(Evaluated& evaluated, WorkerContext& context) const {
  if (!has_arrays_) return std::nullopt;
  std::uint64_t bytes = 0;
  for (const Value& value : evaluated.outputs) {
    if (value.is_array()) bytes += value.array().values.size() * sizeof(double);
  }
  if (!has_store_) {
    if (bytes <= kMostWithOutcome) return std::nullopt;
    return TaskFailure::bad_output(fmt::format(
        "arrays of {} bytes are too large to be kept in memory: give the sweep a store (SweepOptions::store)",
        text::with_thousands(bytes)));
  }
  WorkerCarrier carrier(context);
  try {
    auto file = evaluated.arrays.begin();
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      // A number stands for one that is optional and missing.
      if (!is_array(outputs_[i]) || evaluated.outputs[i].is_number()) continue;
      if (evaluated.outputs[i].is_array()) {
        file = evaluated.arrays.insert(file, delivery_.send(evaluated.outputs[i].array(), carrier));
        evaluated.outputs[i] = "";
      }
      ++file;
    }
  } catch (const StoreError& error) {
    evaluated.store_error = error.what();
  }
  return std::nullopt;
}

}  // namespace windrow::detail
