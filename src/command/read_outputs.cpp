#include "bad_output.hpp"
#include "command_impl.hpp"

namespace windrow {

const detail::Extraction& Command::Impl::extraction_of(const std::vector<std::size_t>& wanted) {
  if (wanted.size() == spec.outputs.size()) return *extraction;
  if (!part || part_of != wanted) {
    part.emplace(extraction->only(wanted));
    part_of = wanted;
  }
  return *part;
}

Outcome<std::vector<Value>> Command::read(const Point& point, const std::filesystem::path& directory,
                                          const std::vector<std::size_t>& wanted) const {
  const auto path_of = [](const std::filesystem::path& file) { return Value(file.string()); };
  try {
    return impl_->extraction_of(wanted).extract(directory, point, impl_->bind(point), path_of);
  } catch (const detail::BadOutput& error) {
    TaskFailure failure = TaskFailure::bad_output(error.what());
    failure.index = point.index();
    return failure;
  }
}

}  // namespace windrow
