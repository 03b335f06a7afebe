#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include "windrow/process/service_types.hpp"

/// What the front and the back end of a Service say to each other.
namespace windrow::detail {

enum ServiceTag : std::uint32_t { kCall = 1, kPost, kStop, kReady, kEnding, kValue, kError, kPostError, kStartError };

Bytes encode_call(std::uint64_t id, std::string_view handler, const std::type_info& arguments,
                  const std::type_info& result, std::span<const std::byte> packed);
/// @throws ParallelError if it is no call
ServiceCall decode_call(const Frame& frame);

/// Content of kValue: the number of the call, with which failures begin, too; then the result.
Bytes encode_value(std::uint64_t id, std::span<const std::byte> content);

/// Content of the errors.
struct ServiceFailure {
  std::uint64_t id = 0;
  std::string handler;
  std::string type;
  std::string message;
};
/// Of the exception that is being handled.
ServiceFailure current_failure(std::uint64_t id, std::string_view handler);
Bytes encode_failure(const ServiceFailure& failure);
ServiceFailure decode_failure(std::span<const std::byte> content);

}  // namespace windrow::detail
