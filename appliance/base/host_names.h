// The names and addresses under which this machine is reached: what a certificate of its own must
// carry. Thread: any. Owns: nothing.
#pragma once

#include <string>
#include <vector>

namespace appliance {

// localhost, the machine's name, its addresses, and the host of `server_url` when there is one.
std::vector<std::string> host_names(const std::string& server_url);
// https://name:port/path -> name
std::string host_of_url(const std::string& url);

}  // namespace appliance
