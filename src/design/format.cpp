#include "windrow/design/format.hpp"

#include <fmt/format.h>
#include <locale.h>

#include <cmath>
#include <cstdio>

#include "windrow/base/text.hpp"
#include "windrow/error.hpp"

namespace windrow {
namespace {

constexpr std::string_view kIntegers = "diuxXo";
constexpr std::string_view kUnsigned = "uxXo";
constexpr std::string_view kReals = "eEfFgGaA";

[[noreturn]] void bad_format(std::string_view text, std::string_view why) {
  throw SpecError(
      fmt::format("the format `{}` {}: it is one conversion of a value, such as %08.3f, %5d, %.6e or %s", text, why));
}

/// printf takes the decimal point from the locale, which may be a host program's.
class PlainLocale {
 public:
  PlainLocale() : before_(uselocale(plain())) {}
  ~PlainLocale() { uselocale(before_); }
  PlainLocale(const PlainLocale&) = delete;
  PlainLocale& operator=(const PlainLocale&) = delete;

 private:
  static locale_t plain() {
    static const locale_t locale = newlocale(LC_ALL_MASK, "C", nullptr);
    return locale;
  }
  locale_t before_;
};

template <typename T>
std::string print(const std::string& conversion, T value) {
  const PlainLocale locale;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  std::string text(static_cast<std::size_t>(std::snprintf(nullptr, 0, conversion.c_str(), value)), '\0');
  std::snprintf(text.data(), text.size() + 1, conversion.c_str(), value);
#pragma GCC diagnostic pop
  return text;
}

/// Whether it is an integer, of whichever kind.
bool is_whole(const Value& value) {
  const auto* number = std::get_if<double>(&value.variant());
  if (number == nullptr) return std::holds_alternative<std::int64_t>(value.variant());
  return std::trunc(*number) == *number && std::abs(*number) < 0x1p63;
}

}  // namespace

Format::Format(std::string_view text) : text_(text) {
  if (text.find('\0') != std::string_view::npos) bad_format(text::visible(text), "holds a null character");
  for (std::size_t at = 0; at < text.size();) {
    std::string& around = letter_ == '\0' ? before_ : after_;
    if (text[at] != '%') {
      around += text[at++];
    } else if (at + 1 < text.size() && text[at + 1] == '%') {
      around += '%';
      at += 2;
    } else {
      if (letter_ != '\0') bad_format(text, "has two conversions");
      read_conversion(text, ++at);
    }
  }
  if (letter_ == '\0') bad_format(text, "has no conversion");
}

/// From behind the percent sign.
void Format::read_conversion(std::string_view text, std::size_t& at) {
  const auto take = [&](std::string_view letters) {
    const std::size_t begin = at;
    while (at < text.size() && letters.find(text[at]) != std::string_view::npos) ++at;
    flags_ += text.substr(begin, at - begin);
    return text.substr(begin, at - begin);
  };
  take("-+ #0");
  const std::string_view width = take("0123456789");
  if (at < text.size() && text[at] == '.') {
    flags_ += text[at++];
    const std::string_view precision = take("0123456789");
    if (precision.size() > 3) bad_format(text, "has too many digits");
  }
  if (width.size() > 3) bad_format(text, "is too wide");
  width_ = static_cast<int>(text::parse_integer(width).value_or(0));
  while (at < text.size() && (text[at] == 'l' || text[at] == 'h' || text[at] == 'j' || text[at] == 'z')) ++at;
  const bool known =
      at < text.size() && (std::string(kIntegers) + std::string(kReals) + "s").find(text[at]) != std::string::npos;
  if (!known) bad_format(text, "has a conversion that does not end in one of d i u x X o e E f F g G a A s");
  letter_ = text[at++];
}

void Format::check(const Value& value) const {
  const auto refuse = [&](const char* wanted) {
    throw SpecError(fmt::format("the format `{}` is for {}, but the value is `{}`", text_, wanted, value.written()));
  };
  if (value.is_array()) refuse("numbers and texts");
  if (takes("s")) return;
  if (takes(kReals) && !value.is_number()) refuse("numbers");
  if (takes(kIntegers) && !is_whole(value)) refuse("integers");
  if (takes(kUnsigned) && value.integer() < 0) refuse("integers that are not negative");
}

std::string Format::converted(const Value& value) const {
  const std::string conversion = "%" + flags_;
  if (takes("s")) return print(conversion + letter_, value.written().c_str());
  if (takes(kIntegers)) return print(conversion + "ll" + letter_, static_cast<long long>(value.integer()));
  return print(conversion + letter_, value.number());
}

std::string Format::write(const Value& value) const {
  check(value);
  const std::string text = converted(value);
  if (width_ > 0 && text.size() > static_cast<std::size_t>(width_)) {
    throw Rejected(fmt::format("the value {} is written `{}` by `{}`: {} characters do not fit a field of {}",
                               value.written(), text, text_, text.size(), width_));
  }
  return before_ + text + after_;
}

}  // namespace windrow
