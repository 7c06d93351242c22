add_executable(sim_queue tests/sim/queue/queue_sim.cpp)
target_link_libraries(sim_queue PRIVATE engine_controllers test_support)
add_test(NAME sim/queue COMMAND sim_queue)
set_tests_properties(sim/queue PROPERTIES LABELS "sim" TIMEOUT 120)
