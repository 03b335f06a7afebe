#pragma once

#include <functional>
#include <string>

#include "process/process_mark.hpp"
#include "windrow/process/process.hpp"

namespace windrow::detail {

/// Writes what this process has buffered for stdout and stderr. Only these: to flush every FILE is to wait for whoever
/// holds one, such as a thread that waits for a line on stdin.
void flush_standard_streams();

const std::string& name_of_this_process();

/// The life of a forked child, entered with all signals blocked.
/// @param options         with what it inherits as with_shared() made it
/// @param parent          the process that forked it, as it was known before
/// @param by_main_thread  whether the parent's main thread did
[[noreturn]] void run_child(const std::function<int()>& body, const ProcessOptions& options, ProcessParent parent,
                            bool by_main_thread) noexcept;

}  // namespace windrow::detail
