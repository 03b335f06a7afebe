#include "status_flags.hpp"

namespace windrow::detail {

const StatusFlags& status_flags() {
  static const StatusFlags flags = [] {
    StatusFlags made{{kNotEvaluated, 0}, "not_evaluated ok"};
    for (int kind = 0; kind <= static_cast<int>(FailureKind::bad_output); ++kind) {
      made.values.push_back(static_cast<signed char>(kind + 1));
      made.meanings += " " + std::string(name_of(static_cast<FailureKind>(kind)));
    }
    return made;
  }();
  return flags;
}

signed char status_of(const Record& record) {
  return record.outcome.ok() ? 0 : static_cast<signed char>(static_cast<int>(record.outcome.failure().kind) + 1);
}

const StatusFlags& boolean_flags() {
  static const StatusFlags flags{{0, 1}, "false true"};
  return flags;
}

void describe_flags(NetcdfFile& file, int variable, const StatusFlags& flags) {
  file.add_attribute(variable, "flag_values", flags.values);
  file.add_attribute(variable, "flag_meanings", flags.meanings);
}

}  // namespace windrow::detail
