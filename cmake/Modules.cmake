# patchmill_module(NAME [COLD] [APART] [PCH MODULE] DEPS other modules... LIBS outside libraries...)
#
# One static library for a folder of src/. It may use its own headers and those of
# the modules named in DEPS (and theirs); cmake/check_layers.cmake refuses any other include.
# COLD: no figure depends on it, see PATCHMILL_COLD_OPTIONS. APART: its files are never compiled
# several at once, see PATCHMILL_UNITY; for names that many files of it share. PCH: whose precompiled header it uses,
# src/MODULE/pch.hpp; util's unless told.

# patchmill_unity(TARGET [MOST]): where PATCHMILL_UNITY asks for it, that many files are compiled at
# once, MOST at most.
function(patchmill_unity target)
  if(PATCHMILL_UNITY)
    set(files ${PATCHMILL_UNITY})
    if(ARGC GREATER 1 AND files GREATER ARGV1)
      set(files ${ARGV1})
    endif()
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${files})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # It takes the files of a batch for headers.
      target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
  endif()
endfunction()

set_property(GLOBAL PROPERTY PATCHMILL_MODULES "")

function(patchmill_module name)
  cmake_parse_arguments(ARG "COLD;APART" "PCH" "DEPS;LIBS;PRIVATE_LIBS" ${ARGN})
  if(NOT ARG_PCH)
    set(ARG_PCH util)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp ${CMAKE_SOURCE_DIR}/src/${name}/*/*.cpp)
  set(target patchmill_${name})
  list(TRANSFORM ARG_DEPS PREPEND patchmill_ OUTPUT_VARIABLE dep_targets)
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(${target} PRIVATE ${ARG_PRIVATE_LIBS})
    if(PATCHMILL_PCH)
      if(name STREQUAL ARG_PCH)
        target_precompile_headers(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src/${name}/pch.hpp)
      else()
        target_precompile_headers(${target} REUSE_FROM patchmill_${ARG_PCH})
      endif()
    endif()
    if(NOT ARG_APART)
      patchmill_unity(${target})
    endif()
    if(ARG_COLD)
      target_compile_options(${target} PRIVATE ${PATCHMILL_COLD_OPTIONS})
    endif()
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${target} ${scope} patchmill_options ${dep_targets} ${ARG_LIBS})
  set_property(GLOBAL APPEND PROPERTY PATCHMILL_MODULES ${name})
  set_property(GLOBAL PROPERTY PATCHMILL_DEPS_${name} ${ARG_DEPS})
endfunction()

# Writes the dependency table and runs the layer check with every build.
function(patchmill_check_layers)
  get_property(modules GLOBAL PROPERTY PATCHMILL_MODULES)
  set(table "")
  foreach(module IN LISTS modules)
    get_property(deps GLOBAL PROPERTY PATCHMILL_DEPS_${module})
    string(APPEND table "set(DEPS_${module} \"${deps}\")\n")
  endforeach()
  file(WRITE ${CMAKE_BINARY_DIR}/layers.cmake "set(MODULES \"${modules}\")\n${table}")
  add_custom_target(check_layers ALL
    COMMAND ${CMAKE_COMMAND} -DTABLE=${CMAKE_BINARY_DIR}/layers.cmake -DSOURCE=${CMAKE_SOURCE_DIR}/src
            -P ${CMAKE_SOURCE_DIR}/cmake/check_layers.cmake
    COMMENT "Checking that no layer includes one above it")
endfunction()

# What is tested is optimised, the tests need not be: it is most of the time of a build.
function(patchmill_test_options target)
  target_compile_options(${target} PRIVATE -O0 $<$<CONFIG:Release>:-g0>)
endfunction()

# patchmill_tests(NAME [APART] [DEPS modules...]): one doctest program for tests/NAME, one CTest test.
function(patchmill_tests name)
  cmake_parse_arguments(ARG "APART" "" "DEPS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${name}/*_test.cpp ${CMAKE_SOURCE_DIR}/tests/${name}/*/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  list(TRANSFORM ARG_DEPS PREPEND patchmill_ OUTPUT_VARIABLE dep_targets)
  add_executable(${name}_tests ${sources})
  target_link_libraries(${name}_tests PRIVATE patchmill_${name} ${dep_targets} patchmill_test_support ${ARG_LIBS})
  target_include_directories(${name}_tests PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  patchmill_test_options(${name}_tests)
  if(NOT ARG_APART)
    # Tests open many namespaces, and a name of one file is soon found from another.
    patchmill_unity(${name}_tests 6)
  endif()
  if(PATCHMILL_PCH)
    target_precompile_headers(${name}_tests REUSE_FROM patchmill_test_support)
  endif()
  add_test(NAME ${name} COMMAND ${name}_tests)
  set_tests_properties(${name} PROPERTIES TIMEOUT 900)
endfunction()
