add_library(sync_shim SHARED ${CMAKE_CURRENT_LIST_DIR}/sync_shim.cpp)
set_target_properties(sync_shim PROPERTIES POSITION_INDEPENDENT_CODE ON)
target_link_libraries(sync_shim PRIVATE dl)
