#include "process/service_wire.hpp"

#include <cxxabi.h>

#include "windrow/base/exception_text.hpp"
#include "windrow/base/type_name.hpp"
#include "windrow/error.hpp"

namespace windrow::detail {
namespace {

// Valid as long as the message.
std::string_view get_view(ByteReader& in) {
  const auto part = in.take(in.get<std::uint64_t>());
  return {reinterpret_cast<const char*>(part.data()), part.size()};
}

}  // namespace

Bytes encode_call(std::uint64_t id, std::string_view handler, const std::type_info& arguments,
                  const std::type_info& result, std::span<const std::byte> packed) {
  ByteWriter out;
  out.put(id);
  for (const std::string_view text : {handler, std::string_view(arguments.name()), std::string_view(result.name())}) {
    out.put_text(std::string(text));
  }
  out.put_bytes(packed);
  return out.take();
}

ServiceCall decode_call(const Frame& frame) {
  if (frame.tag != kCall && frame.tag != kPost) throw ParallelError("a service received a message that is no call");
  ByteReader in(frame.payload);
  ServiceCall call;
  call.wants_reply = frame.tag == kCall;
  call.id = in.get<std::uint64_t>();
  call.handler = get_view(in);
  call.arguments = get_view(in);
  call.result = get_view(in);
  call.packed = in.remaining();
  return call;
}

Bytes encode_value(std::uint64_t id, std::span<const std::byte> content) {
  ByteWriter out;
  out.put(id);
  out.put_bytes(content);
  return out.take();
}

ServiceFailure current_failure(std::uint64_t id, std::string_view handler) {
  return {id, std::string(handler), readable_type_name(*abi::__cxa_current_exception_type()),
          exception_text(std::current_exception())};
}

Bytes encode_failure(const ServiceFailure& failure) {
  ByteWriter out;
  out.put(failure.id);
  for (const std::string* text : {&failure.handler, &failure.type, &failure.message}) out.put_text(*text);
  return out.take();
}

ServiceFailure decode_failure(std::span<const std::byte> content) {
  ByteReader in(content);
  ServiceFailure failure;
  failure.id = in.get<std::uint64_t>();
  for (std::string* text : {&failure.handler, &failure.type, &failure.message}) *text = in.get_text();
  return failure;
}

}  // namespace windrow::detail
