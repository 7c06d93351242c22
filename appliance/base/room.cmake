target_link_libraries(appliance_base ${scope} Threads::Threads)
