#include "c/handles.hpp"
#include "windrow/parallel/fork_manager.hpp"
#include "windrow/parallel/launch.hpp"
#include "windrow/parallel/serial_manager.hpp"

using windrow::detail::given;
using windrow::detail::guarded;

windrow_status windrow_manager_create_serial(windrow_manager** manager) {
  return guarded([&] {
    given(manager, "the place for the manager") = new windrow_manager{std::make_unique<windrow::SerialManager>()};
  });
}

windrow_status windrow_manager_create_fork(windrow_manager** manager, int workers) {
  return guarded([&] {
    given(manager, "the place for the manager") = new windrow_manager{std::make_unique<windrow::ForkManager>(workers)};
  });
}

void windrow_manager_free(windrow_manager* manager) {
  delete manager;
}

int windrow_manager_rank(const windrow_manager* manager) {
  return manager == nullptr ? 0 : manager->manager->rank();
}

int windrow_manager_size(const windrow_manager* manager) {
  return manager == nullptr ? 0 : manager->manager->size();
}

windrow_status windrow_prepare(void) {
  return guarded([] { windrow::prepare(); });
}
