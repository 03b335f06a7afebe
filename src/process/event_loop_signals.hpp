#pragma once

namespace windrow::detail {

/// Makes a signal write to an eventfd. The handler only marks the signal and wakes; in a forked child it does nothing.
/// @throws SpecError if the signal cannot be caught, or is caught for another eventfd
void catch_signal(int number, int wake_descriptor);
/// Puts back the action that was there before.
void release_signal(int number);
/// Whether the signal has come since it was last taken.
bool has_signal(int number);
bool take_signal(int number);

}  // namespace windrow::detail
