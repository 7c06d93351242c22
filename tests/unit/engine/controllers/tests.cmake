target_compile_definitions(unit_engine_controllers PRIVATE FIRST_START_FACTS_DIR="${CMAKE_SOURCE_DIR}/engine/controllers/management/facts")
