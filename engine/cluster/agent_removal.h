// remove_agent: takes out of a cluster what an import left there, and only that: the owners'
// binding, and the agent's namespace and binding where they carry our label. The agent serves the
// calls that remove it, so its own binding is handed to the namespace's garbage collection before
// the namespace goes. What could not be removed is told.
// Thread: any; the callback on another. Owns: itself until done.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/cluster/transport.h"

namespace engine {

struct AgentRemoval {
  std::vector<std::string> removed;
  std::vector<std::string> left;  // with the reason
};
void remove_agent(std::shared_ptr<Transport> transport, std::function<void(AgentRemoval)> done);

// What stays out there when nobody could be asked.
std::vector<std::string> all_that_may_stay();
// "nothing", or "a, b and c".
std::string in_words(const std::vector<std::string>& things);

}  // namespace engine
