#include <system_error>

#include "bad_output.hpp"
#include "command_impl.hpp"
#include "excerpt.hpp"
#include "output_value.hpp"

namespace windrow {

namespace fs = std::filesystem;

/// The same, less the values that may be a NaN or stand for what is missing, where that makes a difference.
EvaluatedPoint Command::Impl::without_doubtful(EvaluatedPoint evaluated) const {
  for (std::size_t i = 0; i < spec.outputs.size(); ++i) {
    const OutputSpec& output = spec.outputs[i];
    std::optional<Value>& value = evaluated.known[i];
    const bool matters =
        output.optional && output.type == "number" && (output.finite || extraction->judges(output.name));
    if (value && matters && detail::is_missing_value(*value)) value.reset();
  }
  return evaluated;
}

KnownBy Command::reads_from(const Point& point, const EvaluatedPoint& evaluated) const {
  return impl_->extraction->reads_from(impl_->without_doubtful(evaluated), impl_->bind(point));
}

Outcome<std::vector<Value>> Command::read(const Point& point, const EvaluatedPoint& evaluated) const {
  const auto path_of = [](const fs::path& file) { return Value(file.string()); };
  const auto failure = [&](std::string message) {
    TaskFailure failed = TaskFailure::bad_output(std::move(message));
    failed.index = point.index();
    return failed;
  };
  const EvaluatedPoint known = impl_->without_doubtful(evaluated);
  const fs::path& directory = known.directory;
  try {
    return impl_->extraction->extract(directory, point, impl_->bind(point), path_of, &known);
  } catch (const detail::FailedCheck& error) {
    return failure(error.what());
  } catch (const detail::BadOutput& error) {
    std::error_code none;
    const bool has_words = fs::exists(directory / "stderr", none);
    return failure(has_words ? detail::with_last_words(error.what(), directory) : error.what());
  }
}

}  // namespace windrow
