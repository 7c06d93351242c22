target_link_libraries(appliance_net ${scope} lib_ssl Threads::Threads)
