add_executable(tunnel_sim ${CMAKE_CURRENT_LIST_DIR}/tunnel_sim.cpp)
target_link_libraries(tunnel_sim PRIVATE engine_tunnel)
add_test(NAME sim/tunnel COMMAND tunnel_sim)
set_tests_properties(sim/tunnel PROPERTIES LABELS "sim" TIMEOUT 120)
