set(PADDOCK_VERSION 0.1.0)
# The discovery facts are of this version.
set(PADDOCK_KUBERNETES_VERSION v1.36.3)
execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} describe --always --dirty=+ --match=none --abbrev=10
  OUTPUT_VARIABLE PADDOCK_COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT PADDOCK_COMMIT)
  set(PADDOCK_COMMIT unknown)
endif()
configure_file(${CMAKE_SOURCE_DIR}/appliance/assets/build_info.cpp.in ${CMAKE_BINARY_DIR}/generated/build_info.cpp @ONLY)
target_sources(appliance_assets PRIVATE ${CMAKE_BINARY_DIR}/generated/build_info.cpp)

find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(licences ${CMAKE_BINARY_DIR}/generated/licences.txt)
add_custom_command(OUTPUT ${licences}
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/appliance/assets/generate/licences.py ${CMAKE_SOURCE_DIR} ${PADDOCK_CACHE} ${licences}
  DEPENDS ${CMAKE_SOURCE_DIR}/scripts/deps.lock ${CMAKE_SOURCE_DIR}/appliance/assets/generate/licences.py)
paddock_embed(appliance_assets licences_data ${licences})
