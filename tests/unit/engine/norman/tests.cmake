target_link_libraries(unit_engine_norman PRIVATE engine_controllers engine_api)
target_compile_definitions(unit_engine_norman PRIVATE NORMAN_TEST_DIR="${CMAKE_SOURCE_DIR}/tests/unit/engine/norman"
  NORMAN_FACTS_DIR="${CMAKE_SOURCE_DIR}/engine/controllers" NORMAN_SCHEMAS_DIR="${CMAKE_SOURCE_DIR}/engine/norman/facts")
