#pragma once

#include "windrow/parallel/manager.hpp"

namespace windrow::test {

/// The manager that this run of the suite is about. Every rank runs every test, so a test never leaves early on one
/// rank ahead of a collective call: EXPECT, not ASSERT.
ParallelManager& manager();

}  // namespace windrow::test
