#pragma once

#include <array>
#include <string_view>

namespace windrow::text {

using NumberRoom = std::array<char, 32>;

/// As render_plain(), without a string: for tables of millions of numbers.
/// @param room  holds the text
std::string_view write_plain(double value, NumberRoom& room);

}  // namespace windrow::text
