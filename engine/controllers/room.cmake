paddock_embed(engine_controllers paddock_bootstrap_policy ${CMAKE_CURRENT_LIST_DIR}/core/bootstrap_policy.json)
# What a fresh server holds, packed at build time into one embedded document.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
file(GLOB first_start_facts CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/management/facts/*.json)
set(first_start_data ${CMAKE_BINARY_DIR}/generated/first_start.json)
add_custom_command(OUTPUT ${first_start_data}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/generate/first_start.py ${CMAKE_CURRENT_LIST_DIR}/management/facts ${first_start_data}
  DEPENDS ${first_start_facts} ${CMAKE_CURRENT_LIST_DIR}/generate/first_start.py)
paddock_embed(engine_controllers first_start_data ${first_start_data})
# What is known of node drivers' fields.
set(driver_flags_data ${CMAKE_BINARY_DIR}/generated/driver_flags.json)
add_custom_command(OUTPUT ${driver_flags_data}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/generate/driver_flags.py ${CMAKE_CURRENT_LIST_DIR}/management/facts ${driver_flags_data}
  DEPENDS ${first_start_facts} ${CMAKE_CURRENT_LIST_DIR}/generate/driver_flags.py)
paddock_embed(engine_controllers driver_flags_data ${driver_flags_data})
