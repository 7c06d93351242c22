target_link_libraries(engine_base ${scope} lib_yyjson lib_yaml)
