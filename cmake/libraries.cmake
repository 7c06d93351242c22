# Every library that is not ours: where its sources or archives are. Sources come from scripts/deps (pinned by checksum), archives from Debian.
if(DEFINED ENV{PADDOCK_CACHE})
  set(PADDOCK_CACHE "$ENV{PADDOCK_CACHE}")
else()
  set(PADDOCK_CACHE "$ENV{HOME}/.cache/paddock")
endif()

# paddock_source(VAR name): the unpacked source folder of a library of deps.lock.
file(STRINGS ${CMAKE_SOURCE_DIR}/scripts/deps.lock PADDOCK_LOCK REGEX "^[a-z]")
function(paddock_source var name)
  foreach(line IN LISTS PADDOCK_LOCK)
    string(REGEX REPLACE " +" ";" words "${line}")
    list(GET words 0 found)
    if(found STREQUAL name)
      list(GET words 1 version)
      set(dir ${PADDOCK_CACHE}/src/${name}-${version})
      if(NOT EXISTS ${dir}/.complete)
        message(FATAL_ERROR "${name} ${version} is not there: run scripts/deps first")
      endif()
      set(${var} ${dir} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "${name} is not in scripts/deps.lock")
endfunction()

paddock_source(YYJSON_DIR yyjson)
add_library(lib_yyjson STATIC ${YYJSON_DIR}/src/yyjson.c)
target_include_directories(lib_yyjson SYSTEM PUBLIC ${YYJSON_DIR}/src)
target_compile_options(lib_yyjson PRIVATE -w -O2)

paddock_source(YAML_DIR libyaml)
file(GLOB yaml_sources ${YAML_DIR}/src/*.c)
add_library(lib_yaml STATIC ${yaml_sources})
target_include_directories(lib_yaml SYSTEM PUBLIC ${YAML_DIR}/include)
target_compile_definitions(lib_yaml PRIVATE YAML_VERSION_MAJOR=0 YAML_VERSION_MINOR=2 YAML_VERSION_PATCH=5
  YAML_VERSION_STRING="0.2.5" YAML_DECLARE_STATIC PUBLIC YAML_DECLARE_STATIC)
target_compile_options(lib_yaml PRIVATE -w -O2)

paddock_source(HTTPLIB_DIR cpp-httplib)
add_library(lib_httplib INTERFACE)
target_include_directories(lib_httplib SYSTEM INTERFACE ${HTTPLIB_DIR})

paddock_source(CATCH2_DIR catch2)
add_library(lib_catch2 STATIC EXCLUDE_FROM_ALL ${CATCH2_DIR}/extras/catch_amalgamated.cpp)
target_include_directories(lib_catch2 SYSTEM PUBLIC ${CATCH2_DIR}/extras ${CMAKE_BINARY_DIR}/catch2)
target_compile_options(lib_catch2 PRIVATE -w -O1)
# The amalgamated header under the names that Catch2's own documentation uses.
foreach(header catch_all catch_test_macros generators/catch_generators_all matchers/catch_matchers_all benchmark/catch_benchmark)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/catch2/catch2/${header}.hpp CONTENT "#pragma once\n#include <catch_amalgamated.hpp>\n")
endforeach()

find_package(Threads REQUIRED)
function(paddock_archive target archive)  # a static archive of Debian's -dev packages, with what it needs
  find_library(${target}_path NAMES ${archive} REQUIRED)
  # A target of its own, not a bare path: only then does CMake keep it before what it needs.
  add_library(${target} STATIC IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${${target}_path})
  target_link_libraries(${target} INTERFACE ${ARGN})
endfunction()
paddock_archive(lib_z libz.a)
paddock_archive(lib_sqlite libsqlite3.a lib_z m dl)
paddock_archive(lib_sodium libsodium.a)
# Debian 13's libcrypto compresses, Debian 12's does not: there nothing is taken from zstd.
paddock_archive(lib_zstd libzstd.a Threads::Threads)
paddock_archive(lib_crypto libcrypto.a lib_zstd lib_z dl Threads::Threads)
paddock_archive(lib_ssl libssl.a lib_crypto)
paddock_archive(lib_brotlicommon libbrotlicommon.a m)
paddock_archive(lib_brotlidec libbrotlidec.a lib_brotlicommon)
