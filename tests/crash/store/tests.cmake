# kill -9 and power cuts against the durable store. The writer is a program of its own, so that it can be killed.
add_executable(store_crash_writer ${CMAKE_CURRENT_LIST_DIR}/crash_writer.cpp ${CMAKE_CURRENT_LIST_DIR}/crash_check.cpp)
target_link_libraries(store_crash_writer PRIVATE storage_memory storage_sqlite test_support)
add_executable(store_crash_test ${CMAKE_CURRENT_LIST_DIR}/crash_test.cpp
  ${CMAKE_CURRENT_LIST_DIR}/failpoint_test.cpp ${CMAKE_CURRENT_LIST_DIR}/power_cut_test.cpp ${CMAKE_CURRENT_LIST_DIR}/crash_check.cpp)
target_link_libraries(store_crash_test PRIVATE storage_memory storage_sqlite test_support)
foreach(target store_crash_test store_crash_writer)
  target_compile_definitions(${target} PRIVATE
    CRASH_WRITER="${CMAKE_BINARY_DIR}/store_crash_writer" SYNC_SHIM="$<TARGET_FILE:sync_shim>")
endforeach()
add_dependencies(store_crash_test store_crash_writer sync_shim)
foreach(kind kill points power)
  add_test(NAME crash/store_${kind} COMMAND store_crash_test "[${kind}]")
  set_tests_properties(crash/store_${kind} PROPERTIES LABELS "crash" TIMEOUT 300 RUN_SERIAL TRUE SKIP_RETURN_CODE 4)
endforeach()
