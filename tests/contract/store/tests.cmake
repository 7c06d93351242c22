# The store contract: the same scenarios for every line of storage/all.inc.
file(GLOB contract_store_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
add_executable(contract_store ${contract_store_sources})
target_link_libraries(contract_store PRIVATE storage_memory storage_sqlite test_support)
add_test(NAME contract/store COMMAND contract_store)
set_tests_properties(contract/store PROPERTIES LABELS "contract" TIMEOUT 300)
