# gtest_discover_tests takes no lists of labels; ctest reads this after the lists of tests.
foreach(list cli_slow cli_mpi cli_mpi_slow)
  if(${list})
    string(REPLACE "_" ";" labels ${list})
    set_tests_properties(${${list}} PROPERTIES LABELS "${labels}")
  endif()
endforeach()
