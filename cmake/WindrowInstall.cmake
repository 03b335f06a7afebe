# What `cmake --install` puts below its prefix: two shared libraries (libwindrow, and libwindrow_mpi if MPI is built),
# the headers, modules for Fortran, a CMake package with the components core, mpi and fortran, pkg-config files and the
# windrow command.
#
# The libraries are made of the objects of the rooms. They show what the headers declare and nothing else; their ABI
# version is the major and minor version: while the major one is 0, a new minor one may change it.
if(NOT WINDROW_INSTALL)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(abi_version ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(symbols ${PROJECT_BINARY_DIR}/windrow.map)
configure_file(${CMAKE_CURRENT_LIST_DIR}/windrow.map.in ${symbols} @ONLY)
set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/windrow)

# Installs a library as the component `component` of the package: windrow::<component>.
function(windrow_install_component target component)
  install(TARGETS ${target} EXPORT windrow-${component} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT windrow-${component} NAMESPACE windrow:: DESTINATION ${package_directory}
    FILE windrow-${component}.cmake)
  set_property(GLOBAL APPEND PROPERTY WINDROW_COMPONENTS ${component})
endfunction()

# windrow_shared_library(<target> COMPONENT <name> OF <static library>... [LINKS ...] [PRIVATE_LINKS ...])
function(windrow_shared_library target)
  cmake_parse_arguments(SHARED "" "COMPONENT" "OF;LINKS;PRIVATE_LINKS" ${ARGN})
  list(TRANSFORM SHARED_OF REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
  add_library(${target} SHARED ${objects})
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION} SOVERSION ${abi_version}
    EXPORT_NAME ${SHARED_COMPONENT} INSTALL_RPATH "$ORIGIN" LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PUBLIC ${SHARED_LINKS} PRIVATE ${SHARED_PRIVATE_LINKS})
  target_link_options(${target} PRIVATE LINKER:--no-undefined LINKER:--version-script=${symbols})
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${symbols})
  windrow_install_component(${target} ${SHARED_COMPONENT})
endfunction()

# From the bottom up, as src/CMakeLists.txt has them.
get_property(rooms GLOBAL PROPERTY WINDROW_ROOMS)
get_property(private_packages GLOBAL PROPERTY WINDROW_PRIVATE_PACKAGES)
windrow_shared_library(windrow_shared COMPONENT core OF ${rooms}
  LINKS Boost::serialization fmt::fmt Threads::Threads PRIVATE_LINKS ${private_packages})
set_target_properties(windrow_shared PROPERTIES OUTPUT_NAME windrow)
if(WINDROW_MPI)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/c/mpi/*.cpp)
  add_library(windrow_c_mpi STATIC ${sources})
  windrow_library_settings(windrow_c_mpi)
  target_link_libraries(windrow_c_mpi PUBLIC windrow_c windrow_mpi PRIVATE windrow_options)
  windrow_shared_library(windrow_mpi_shared COMPONENT mpi OF windrow_mpi windrow_pool_mpi windrow_c_mpi
    LINKS windrow_shared MPI::MPI_CXX PRIVATE_LINKS Boost::mpi)
  set_target_properties(windrow_mpi_shared PROPERTIES OUTPUT_NAME windrow_mpi)
  # The linker is to keep it in programs that name nothing of it (compilers may be set to drop such libraries).
  target_link_options(windrow_mpi_shared INTERFACE LINKER:--no-as-needed)
endif()

if(WINDROW_FORTRAN)
  add_subdirectory(${PROJECT_SOURCE_DIR}/src/fortran fortran)
endif()
get_property(windrow_components GLOBAL PROPERTY WINDROW_COMPONENTS)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/windrow DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  PATTERN mpi EXCLUDE PATTERN mpi.hpp EXCLUDE PATTERN windrow_mpi.h EXCLUDE)
if(WINDROW_MPI)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/windrow DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING REGEX "/mpi\\.hpp$|/windrow_mpi\\.h$|/mpi/[^/]*\\.hpp$")
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/windrow-config.cmake.in
  ${PROJECT_BINARY_DIR}/windrow-config.cmake INSTALL_DESTINATION ${package_directory})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/windrow-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/windrow-config.cmake ${PROJECT_BINARY_DIR}/windrow-config-version.cmake
  DESTINATION ${package_directory})

file(RELATIVE_PATH up_from_pkgconfig /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/windrow.pc.in ${PROJECT_BINARY_DIR}/windrow.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/windrow.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(WINDROW_MPI)
  list(TRANSFORM MPI_CXX_INCLUDE_DIRS PREPEND -I OUTPUT_VARIABLE mpi_flags)
  list(JOIN mpi_flags " " mpi_flags)
  list(JOIN MPI_CXX_LIBRARIES " " mpi_libraries)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/windrow-mpi.pc.in ${PROJECT_BINARY_DIR}/windrow-mpi.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/windrow-mpi.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
