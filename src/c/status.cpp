#include <new>

#include "c/handles.hpp"
#include "windrow/base/exception_text.hpp"

namespace {
thread_local std::string last_error;

windrow_status fail(windrow_status status, const char* message) noexcept {
  try {
    last_error = message;
  } catch (...) {  // memory is short: the status says it
    last_error.clear();
  }
  return status;
}
}  // namespace

windrow_status windrow::detail::guarded(const std::function<void()>& action) noexcept {
  try {
    action();
    return WINDROW_OK;
  } catch (const PointFailed& failure) {
    return fail(WINDROW_POINT_FAILED, failure.message.c_str());
  } catch (const SpecError& error) {
    return fail(WINDROW_SPEC_ERROR, error.what());
  } catch (const StoreError& error) {
    return fail(WINDROW_STORE_ERROR, error.what());
  } catch (const ParallelError& error) {
    return fail(WINDROW_PARALLEL_ERROR, error.what());
  } catch (const SystemError& error) {
    return fail(WINDROW_SYSTEM_ERROR, error.what());
  } catch (const std::bad_alloc&) {
    return fail(WINDROW_SYSTEM_ERROR, "memory is short");
  } catch (const std::exception& error) {
    return fail(WINDROW_ERROR, error.what());
  } catch (...) {
    return fail(WINDROW_ERROR, exception_text(std::current_exception()).c_str());
  }
}

const char* windrow_last_error(void) {
  return last_error.c_str();
}

const char* windrow_version(void) {
  return WINDROW_VERSION;
}
