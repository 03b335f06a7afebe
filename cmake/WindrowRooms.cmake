# A room is a folder of include/windrow with its twin in src and in tests.

# windrow_room(<name> [USES <room>...] [PACKAGES <target>...] [PRIVATE_PACKAGES <target>...])
# A room links only the rooms it may know, so an arrow that points up does not link.
function(windrow_room name)
  cmake_parse_arguments(ROOM "" "" "USES;PACKAGES;PRIVATE_PACKAGES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  if(NOT WINDROW_MPI)
    list(FILTER sources EXCLUDE REGEX "/src/${name}/mpi/")
  endif()
  add_library(windrow_${name} STATIC ${sources})
  set_target_properties(windrow_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(windrow_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ROOM_USES PREPEND windrow_)
  target_link_libraries(windrow_${name}
    PUBLIC ${ROOM_USES} ${ROOM_PACKAGES}
    PRIVATE ${ROOM_PRIVATE_PACKAGES} $<BUILD_INTERFACE:windrow_options>)
endfunction()

# windrow_room_test(<room> [USES <room>...]): every tests/<room>/*_test.cpp in one program of GoogleTest cases.
function(windrow_room_test name)
  cmake_parse_arguments(ROOM "" "LABELS" "USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  if(NOT ROOM_LABELS)
    set(ROOM_LABELS unit)
  endif()
  list(TRANSFORM ROOM_USES PREPEND windrow_)
  add_executable(${name}_test ${sources})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(${name}_test PRIVATE WINDROW_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/${name}/data")
  target_link_libraries(${name}_test PRIVATE windrow_${name} ${ROOM_USES} windrow_options GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${ROOM_LABELS}" TIMEOUT 60)
endfunction()
