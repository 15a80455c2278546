# Warnings, sanitizers, linker and compiler cache: everything about how we compile.

add_library(patchmill_options INTERFACE)

target_compile_options(patchmill_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
  -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference
  -fno-common -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A tenth of the time of GCC 12 is collecting garbage that would fit into memory.
  target_compile_options(patchmill_options INTERFACE --param=ggc-min-heapsize=524288)
endif()
target_compile_definitions(patchmill_options INTERFACE PATCHMILL_VERSION="${PROJECT_VERSION}")
if(PATCHMILL_WERROR)
  target_compile_options(patchmill_options INTERFACE -Werror)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release")
  # GCC 12 reports null dereferences and impossible lengths inside the standard library when it
  # inlines at -O2 (its bugs 105329, 105651 and their kin).
  target_compile_options(patchmill_options INTERFACE
    -Wno-null-dereference -Wno-stringop-overread -Wno-stringop-overflow -Wno-array-bounds
    -Wno-restrict)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT PATCHMILL_SANITIZE)
  # As Ubuntu's compiler has it by itself, so that what it warns of is seen with others, too.
  target_compile_options(patchmill_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()

if(PATCHMILL_SANITIZE)
  target_compile_options(patchmill_options INTERFACE
    -fsanitize=${PATCHMILL_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(patchmill_options INTERFACE -fsanitize=${PATCHMILL_SANITIZE})
  if(PATCHMILL_SANITIZE MATCHES "undefined")
    # Null pointers are found by AddressSanitizer as well; these three are a quarter of the compiler's
    # time.
    target_compile_options(patchmill_options INTERFACE
      -fno-sanitize-recover=undefined -fno-sanitize=null,vptr,object-size)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code gives GCC 12 false positives of these kinds.
    target_compile_options(patchmill_options INTERFACE
      -Wno-maybe-uninitialized -Wno-null-dereference -Wno-mismatched-new-delete -Wno-array-bounds
      -Wno-stringop-overflow -Wno-stringop-overread -Wno-restrict)
    if(PATCHMILL_SANITIZE MATCHES "thread")
      target_compile_options(patchmill_options INTERFACE -Wno-tsan)
    endif()
  endif()
endif()

if(PATCHMILL_COLD_OPTIONS AND PATCHMILL_PCH AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release")
  # From version 13 on -O2 implies this one and -O1 does not, and GCC refuses a precompiled header
  # that was made with another set of such options.
  include(CheckCXXCompilerFlag)
  check_cxx_compiler_flag(-munroll-only-small-loops PATCHMILL_HAS_UNROLL_ONLY_SMALL_LOOPS)
  if(PATCHMILL_HAS_UNROLL_ONLY_SMALL_LOOPS)
    list(APPEND PATCHMILL_COLD_OPTIONS -munroll-only-small-loops)
  endif()
  # A version that differs in something else shall build more slowly rather than not at all.
  target_compile_options(patchmill_options INTERFACE -Wno-error=invalid-pch)
endif()

if(PATCHMILL_FUZZ)
  # Coverage everywhere, the driver only in the fuzz programs.
  target_compile_options(patchmill_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(PATCHMILL_CCACHE ccache)
if(PATCHMILL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Nothing is preprocessed twice, and no precompiled header of 100 MB hashed for every file: else a
  # cold build takes a sixth longer than without a cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
    CCACHE_DEPEND=1 CCACHE_INODECACHE=1
    "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1
    ${PATCHMILL_CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(patchmill_options INTERFACE -fpch-preprocess)
  endif()
endif()

find_program(PATCHMILL_MOLD mold)
if(PATCHMILL_MOLD AND (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 12.1))
  target_link_options(patchmill_options INTERFACE -fuse-ld=mold)
endif()
