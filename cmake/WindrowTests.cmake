# Tests that run a program once for each backend and number of ranks.

set(WINDROW_MPI_TEST_ENVIRONMENT
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader
  OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
  ASAN_OPTIONS=detect_leaks=0)

# windrow_mpi_test(<test> RANKS <n> [LABELS ...] COMMAND <program> [args...])
function(windrow_mpi_test test)
  cmake_parse_arguments(MPI_TEST "" "RANKS;TIMEOUT" "COMMAND;LABELS" ${ARGN})
  if(NOT WINDROW_MPI)
    return()
  endif()
  if(NOT MPI_TEST_TIMEOUT)
    set(MPI_TEST_TIMEOUT 120)
  endif()
  add_test(NAME ${test} COMMAND ${MPIEXEC_EXECUTABLE} -n ${MPI_TEST_RANKS} ${MPI_TEST_COMMAND})
  set_tests_properties(${test} PROPERTIES LABELS "mpi;${MPI_TEST_LABELS}" PROCESSORS 2 TIMEOUT ${MPI_TEST_TIMEOUT}
    ENVIRONMENT "${WINDROW_MPI_TEST_ENVIRONMENT}")
endfunction()

# windrow_conformance_test(<program>): serial, forked peers, workers forked by the root alone, and MPI, at 1, 2, 3, 5 and 8;
# under sanitizers at 1 and 3.
function(windrow_conformance_test program)
  set(fork_environment WINDROW_BACKEND=fork)
  add_test(NAME ${program}.serial COMMAND ${program})
  set_tests_properties(${program}.serial PROPERTIES LABELS fork TIMEOUT 120 ENVIRONMENT WINDROW_BACKEND=serial)
  set(counts 1 2 3 5 8)
  if(WINDROW_SANITIZE)
    set(counts 1 3)
  endif()
  foreach(ranks ${counts})
    add_test(NAME ${program}.peers.${ranks} COMMAND ${program})
    set_tests_properties(${program}.peers.${ranks} PROPERTIES LABELS fork TIMEOUT 120 PROCESSORS 2
      ENVIRONMENT "${fork_environment};WINDROW_WORKERS=${ranks}")
    add_test(NAME ${program}.fork.${ranks} COMMAND ${program})
    set_tests_properties(${program}.fork.${ranks} PROPERTIES LABELS fork TIMEOUT 120 PROCESSORS 2
      ENVIRONMENT "${fork_environment};WINDROW_WORKERS=${ranks};WINDROW_TEST_ROOT_ALONE=1")
    windrow_mpi_test(${program}.mpi.${ranks} RANKS ${ranks} COMMAND $<TARGET_FILE:${program}>)
  endforeach()
endfunction()
