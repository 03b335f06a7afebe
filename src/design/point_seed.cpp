// Seeds that points have of their own.
#include <algorithm>

#include "windrow/base/hash.hpp"
#include "windrow/design/design.hpp"

namespace windrow {
namespace {

void append_count(std::string& bytes, std::uint64_t number) {
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xffU);
}

void append_sized(std::string& bytes, std::string_view text) {
  append_count(bytes, text.size());
  bytes += text;
}

char letter_of(const Value& value) {
  if (value.is_text()) return 't';
  return value.is_number() ? 'n' : 'b';
}

/// The number of the replicate that a point is, and what is the same of all of them.
struct Content {
  std::string bytes;
  std::uint64_t replicate = 0;
};

/// By the names' order, so that it is not that of the file that counts.
Content content_of(const Point& point) {
  const auto& parameters = point.parameters();
  std::vector<std::size_t> order(parameters.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return parameters[i].name(); });
  Content content;
  for (const std::size_t i : order) {
    if (parameters[i].is_derived()) continue;  // it follows from the others, and another formula is no other draw
    const Value& value = point.values()[i];
    const auto* whole = std::get_if<std::int64_t>(&value.variant());
    append_sized(content.bytes, parameters[i].name());
    if (whole != nullptr && parameters[i].name() == "replicate") {
      content.replicate = static_cast<std::uint64_t>(*whole);
      continue;
    }
    content.bytes += letter_of(value);
    append_sized(content.bytes, value.identity_text());
  }
  return content;
}

/// A permutation of the numbers of so many bits that leaves 0 where it is: shifts and multiplications by odd numbers.
std::uint64_t mixed(std::uint64_t x, unsigned bits) {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (const std::uint64_t factor : {0xbf58476d1ce4e5b9U, 0x94d049bb133111ebU, 0x9e3779b97f4a7c15U}) {
    x ^= x >> (bits / 2);
    x = x * factor & mask;
  }
  return x ^ x >> (bits / 2);
}

}  // namespace

// What is added for a replicate is another number for each, and the mixing keeps them apart.

std::uint64_t Point::seed() const {
  constexpr std::uint64_t step = 0x9e3779b97f4a7c15U;  // odd
  constexpr unsigned bits = 63;
  const Content content = content_of(*this);
  const std::uint64_t hash = detail::hash64(content.bytes, study_seed_);
  return mixed((hash + content.replicate * step) & ((std::uint64_t{1} << bits) - 1), bits);
}

std::uint32_t Point::seed31() const {
  constexpr std::uint64_t most = 0x7fffffffU;  // a prime
  constexpr std::uint64_t step = 0x1e3779b9U;
  const Content content = content_of(*this);
  const std::uint64_t hash = detail::hash64(content.bytes, study_seed_) % most;
  return static_cast<std::uint32_t>(mixed(1 + (hash + content.replicate % most * step) % most, 31));
}

}  // namespace windrow
