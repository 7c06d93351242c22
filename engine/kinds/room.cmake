# The kind data: made from the OpenAPI definitions of a pinned package and the facts beside this file, and put into the program as it is.
paddock_source(KUBERNETES_VALIDATE_DIR kubernetes-validate)
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
set(kind_definitions ${KUBERNETES_VALIDATE_DIR}/kubernetes_validate/kubernetes-json-schema/v1.36.0-local/_definitions.json)
set(kind_facts ${CMAKE_BINARY_DIR}/generated/kind_facts.bin)
file(GLOB_RECURSE kind_fact_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/facts/*.json)
add_custom_command(OUTPUT ${kind_facts}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/generated
  COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/generate/facts.py ${kind_definitions} ${CMAKE_CURRENT_LIST_DIR}/facts ${kind_facts}
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/generate/facts.py ${kind_definitions} ${kind_fact_files}
  COMMENT "Kind data" VERBATIM)
paddock_embed(engine_kinds paddock_kind_facts ${kind_facts})
target_link_libraries(engine_kinds ${scope} lib_z)
