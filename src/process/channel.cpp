#include "windrow/process/channel.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace windrow::detail {
namespace {

ChannelClosed closed() {
  return ChannelClosed("the other end of a channel is closed, or its process has ended");
}

std::uint32_t tag_of(std::uint64_t type) {
  return static_cast<std::uint32_t>(type ^ (type >> 32));
}

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

void send_typed(ByteChannel& channel, std::uint64_t type, std::span<const std::byte> payload) {
  try {
    channel.send(tag_of(type), payload);
  } catch (const PeerLost&) {
    throw closed();
  }
}

std::optional<Bytes> receive_typed(ByteChannel& channel, std::uint64_t type, const std::type_info& expected,
                                   std::chrono::nanoseconds limit) {
  std::optional<Frame> frame;
  try {
    frame = channel.receive(limit);
  } catch (const PeerLost&) {
    throw closed();
  }
  if (!frame) return std::nullopt;
  if (frame->tag != tag_of(type)) {
    throw ParallelError(
        fmt::format("a channel received something that is not a {}, as was expected", readable_type_name(expected)));
  }
  return std::move(frame->payload);
}

void fail_unreadable(const std::type_info& expected) {
  throw ParallelError(fmt::format("a message cannot be read as a {}", readable_type_name(expected)));
}

}  // namespace windrow::detail
