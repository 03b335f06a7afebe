#include "windrow/base/type_name.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace windrow::detail {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

}  // namespace

std::string readable_type_name(std::string_view mangled) {
  const std::string given(mangled);
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(given.c_str(), nullptr, nullptr, &status),
                                                    std::free);
  std::string text = status == 0 ? name.get() : given;
  replace_all(text, "std::__cxx11::", "std::");
  replace_all(text, "std::basic_string<char, std::char_traits<char>, std::allocator<char> >", "std::string");
  // What a vector says beyond its elements.
  for (std::size_t at = 0; (at = text.find(", std::allocator<", at)) != std::string::npos;) {
    std::size_t end = at + std::string_view(", std::allocator<").size();
    for (int depth = 1; depth > 0 && end < text.size(); ++end) {
      if (text[end] == '<') ++depth;
      if (text[end] == '>') --depth;
    }
    if (end < text.size() && text[end] == ' ') ++end;
    text.erase(at, end - at);
  }
  return text;
}

}  // namespace windrow::detail
