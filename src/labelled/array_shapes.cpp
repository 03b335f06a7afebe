#include "array_shapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace windrow::detail {
namespace {

constexpr std::size_t kMostDimensions = 16;  // of 32 that HDF5 has

/// The first array of an output that was seen.
struct SeenArray {
  std::uint64_t index = 0;
  std::vector<std::uint64_t> shape = {};
};

/// By NumPy's name of a type, "<f8".
bool is_real_type(const std::string& type) {
  return type.size() >= 3 && std::string_view("fiub").find(type[1]) != std::string_view::npos &&
         type.substr(1) != "f2" && type.substr(1) != "f16";
}

/// Why the array cannot be beside the first one; empty if it can.
std::string problem_of_array(const ArrayFile& array, std::uint64_t index, const SeenArray& first) {
  if (!is_real_type(array.type)) {
    return fmt::format("arrays hold elements of the type {}, which are no real numbers", array.type);
  }
  if (std::ranges::find(array.shape, 0U) != array.shape.end())
    return fmt::format("the array of point {} is empty", index);
  if (array.shape.size() > kMostDimensions) return fmt::format("arrays have more than {} dimensions", kMostDimensions);
  if (array.shape == first.shape) return {};
  return fmt::format("arrays have different shapes ({} at point {}, {} at point {})", render_shape(first.shape),
                     first.index, render_shape(array.shape), index);
}

}  // namespace

std::vector<ArrayOutput> array_outputs(const StoreReader& store) {
  const std::vector<Column>& columns = store.identity().outputs;
  std::vector<ArrayOutput> outputs;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (is_array_type(columns[i].type)) outputs.push_back({i});
  }
  if (outputs.empty()) return outputs;
  std::vector<std::optional<SeenArray>> first(outputs.size());
  store.for_each([&](const Record& record) {
    for_each_array(record, outputs, [&](std::size_t i, const ArrayFile& array) {
      if (!outputs[i].why_not.empty()) return;
      if (!first[i]) first[i] = {record.index, array.shape};
      outputs[i].why_not = problem_of_array(array, record.index, *first[i]);
    });
  });
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (first[i]) {
      outputs[i].shape = first[i]->shape;
    } else {
      outputs[i].why_not = "no point has one";
    }
  }
  return outputs;
}

void for_each_array(const Record& record, const std::vector<ArrayOutput>& outputs,
                    const std::function<void(std::size_t, const ArrayFile&)>& visit) {
  if (!record.outcome.ok()) return;
  auto array = record.arrays.begin();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!record.outcome.value()[outputs[i].column].is_text()) continue;  // optional, and missing
    visit(i, *array);
    ++array;
  }
}

}  // namespace windrow::detail
