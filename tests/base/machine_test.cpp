#include "windrow/base/machine.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <array>

#include "faults/support.hpp"

namespace windrow {
namespace {

TEST(MachineTest, parallelism_is_at_least_one_and_at_most_what_the_affinity_allows) {
  cpu_set_t allowed;
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  EXPECT_GE(available_parallelism(), 1);
  EXPECT_LE(available_parallelism(), CPU_COUNT(&allowed));
}

// As mpirun does with its ranks.
TEST(MachineTest, a_process_bound_to_one_cpu_has_one) {
  Process child = test::forked("bound", [] {
    cpu_set_t allowed;
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    int first = 0;
    while (!CPU_ISSET(first, &allowed)) ++first;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    if (::sched_setaffinity(0, sizeof one, &one) != 0) return 100;
    return available_parallelism();
  });
  EXPECT_EQ(child.join(), ExitStatus::exited(1));
}

TEST(MachineTest, the_name_is_the_systems) {
  std::array<char, 256> name{};
  ASSERT_EQ(::gethostname(name.data(), name.size() - 1), 0);
  EXPECT_EQ(host_name(), name.data());
  EXPECT_FALSE(host_name().empty());
}

}  // namespace
}  // namespace windrow
