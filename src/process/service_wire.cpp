#include "process/service_wire.hpp"

#include <cstring>

#include "windrow/error.hpp"
#include "windrow/process/type_name.hpp"

namespace windrow::detail {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return as_bytes_of(text.data(), text.size());
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void append(Bytes& bytes, std::span<const std::byte> more) {
  const std::size_t before = bytes.size();
  bytes.resize(before + more.size());
  if (!more.empty()) std::memcpy(bytes.data() + before, more.data(), more.size());
}

void append_id(Bytes& bytes, std::uint64_t id) {
  append(bytes, as_bytes_of(&id, 1));
}

}  // namespace

void append_part(Bytes& packed, std::span<const std::byte> part) {
  append_id(packed, part.size());
  append(packed, part);
}

std::span<const std::byte> take_part(std::span<const std::byte>& packed) {
  const std::uint64_t size = take_id(packed);
  if (size > packed.size()) throw ParallelError("a message of a service is cut short");
  const auto part = packed.first(static_cast<std::size_t>(size));
  packed = packed.subspan(part.size());
  return part;
}

std::uint64_t take_id(std::span<const std::byte>& content) {
  std::uint64_t id = 0;
  if (content.size() < sizeof id) throw ParallelError("a message of a service is cut short");
  std::memcpy(&id, content.data(), sizeof id);
  content = content.subspan(sizeof id);
  return id;
}

Bytes encode_call(std::uint64_t id, std::string_view handler, const std::type_info& arguments,
                  const std::type_info& result, std::span<const std::byte> packed) {
  const std::string_view texts[] = {handler, arguments.name(), result.name()};
  Bytes bytes;
  bytes.reserve(packed.size() + texts[0].size() + texts[1].size() + texts[2].size() + 4 * sizeof id);
  append_id(bytes, id);
  for (const std::string_view text : texts) append_part(bytes, bytes_of(text));
  append(bytes, packed);
  return bytes;
}

ServiceCall decode_call(const Frame& frame) {
  if (frame.tag != kCall && frame.tag != kPost) throw ParallelError("a service received a message that is no call");
  ServiceCall call;
  call.wants_reply = frame.tag == kCall;
  call.packed = frame.payload;
  call.id = take_id(call.packed);
  call.handler = text_of(take_part(call.packed));
  call.arguments = text_of(take_part(call.packed));
  call.result = text_of(take_part(call.packed));
  return call;
}

Bytes encode_value(std::uint64_t id, std::span<const std::byte> content) {
  Bytes bytes;
  bytes.reserve(sizeof id + content.size());
  append_id(bytes, id);
  append(bytes, content);
  return bytes;
}

ServiceFailure current_failure(std::uint64_t id, std::string_view handler) {
  ServiceFailure failure{id, std::string(handler), "unknown", "unknown exception"};
  try {
    throw;
  } catch (const std::exception& error) {
    failure.type = readable_type_name(typeid(error));
    failure.message = error.what();
  } catch (...) {
  }
  return failure;
}

Bytes encode_failure(const ServiceFailure& failure) {
  Bytes bytes;
  append_id(bytes, failure.id);
  for (const std::string* text : {&failure.handler, &failure.type, &failure.message}) {
    append_part(bytes, bytes_of(*text));
  }
  return bytes;
}

ServiceFailure decode_failure(std::span<const std::byte> content) {
  ServiceFailure failure;
  failure.id = take_id(content);
  for (std::string* text : {&failure.handler, &failure.type, &failure.message}) *text = text_of(take_part(content));
  return failure;
}

}  // namespace windrow::detail
