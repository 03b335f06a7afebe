#include <utility>

#include "command_impl.hpp"

namespace windrow {

namespace {

Value read_one(const detail::Extractor& extractor, const std::filesystem::path& directory) {
  const auto file = extractor.array_file(directory);
  return file ? Value(file->string()) : extractor.extract(directory);
}

}  // namespace

Outcome<std::vector<Value>> Command::read(const Point& point, const std::filesystem::path& directory,
                                          const std::vector<std::size_t>& wanted) const {
  std::vector<Value> values;
  try {
    for (const std::size_t output : wanted) values.push_back(read_one(impl_->extractors.at(output), directory));
  } catch (const detail::BadOutput& error) {
    TaskFailure failure = TaskFailure::bad_output(error.what());
    failure.index = point.index();
    return failure;
  }
  return values;
}

}  // namespace windrow
