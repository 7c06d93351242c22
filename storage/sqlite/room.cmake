target_link_libraries(storage_sqlite ${scope} lib_sqlite Threads::Threads)
