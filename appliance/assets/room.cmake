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

# With PADDOCK_DASHBOARD the folder must be there; without, the pack is empty and the server says so on its pages.
set(dashboard_pack ${CMAKE_BINARY_DIR}/generated/dashboard.pack)
set(dashboard_dir ${CMAKE_SOURCE_DIR}/build/web)
set(dashboard_depends)
if(PADDOCK_DASHBOARD)
  set(dashboard_depends ${dashboard_dir}/manifest.json)
else()
  set(dashboard_dir ${CMAKE_BINARY_DIR}/no-dashboard)
endif()
add_custom_command(OUTPUT ${dashboard_pack}
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/appliance/assets/generate/pack_dashboard.py ${dashboard_dir} ${dashboard_pack}
  DEPENDS ${dashboard_depends} ${CMAKE_SOURCE_DIR}/appliance/assets/generate/pack_dashboard.py)
paddock_embed(appliance_assets dashboard_pack ${dashboard_pack})
target_link_libraries(appliance_assets PUBLIC lib_brotlidec)
