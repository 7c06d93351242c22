target_link_libraries(engine_access ${scope} lib_sodium lib_crypto)
