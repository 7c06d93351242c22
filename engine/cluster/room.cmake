target_link_libraries(engine_cluster ${scope} lib_sodium)
