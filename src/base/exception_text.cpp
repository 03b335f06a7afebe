#include "windrow/base/exception_text.hpp"

#include <cxxabi.h>
#include <fmt/format.h>

#include "windrow/base/type_name.hpp"

namespace windrow::detail {

std::string exception_text(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return error.what();
  } catch (const std::string& text) {
    return text;
  } catch (const char* text) {
    return text;
  } catch (int number) {
    return fmt::format("{}", number);
  } catch (long number) {
    return fmt::format("{}", number);
  } catch (double number) {
    return fmt::format("{}", number);
  } catch (...) {
    return fmt::format("an exception of type {}", readable_type_name(*abi::__cxa_current_exception_type()));
  }
}

}  // namespace windrow::detail
