target_link_libraries(engine_api ${scope} lib_z)
