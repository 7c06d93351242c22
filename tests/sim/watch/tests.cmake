add_executable(sim_watch ${CMAKE_CURRENT_LIST_DIR}/watch_sim.cpp)
target_link_libraries(sim_watch PRIVATE engine_watch storage_memory test_support)
add_test(NAME sim/watch COMMAND sim_watch)
set_tests_properties(sim/watch PROPERTIES LABELS "sim" TIMEOUT 120)
