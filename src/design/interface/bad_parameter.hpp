#pragma once

#include <string>

#include "windrow/error.hpp"

namespace windrow::detail {

/// What a parameter cannot be in its design: whoever knows where it was said tells it from there.
class BadParameter : public SpecError {
 public:
  BadParameter(std::string name, const std::string& reason)
      : SpecError("parameter `" + name + "`: " + reason), name_(std::move(name)), reason_(reason) {}

  const std::string& name() const { return name_; }
  const std::string& reason() const { return reason_; }

 private:
  std::string name_, reason_;
};

}  // namespace windrow::detail
