// OwnerGraph: which objects name which others as their owners, by store key. It knows only objects
// that have owners and remembers nothing else of them; what is true is read from the store when it
// is acted on, so an edge that is out of date costs one look. Thread: any. Owns: its edges.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "storage/kv/store.h"

namespace engine {

class OwnerGraph {
 public:
  // Replaces what was known of the object, unless that is from a later revision.
  void set(std::string_view key, std::vector<std::string> owner_keys, storage::Revision revision);
  // The owners that it had.
  std::vector<std::string> erase(std::string_view key);
  std::vector<std::string> dependents(std::string_view owner_key) const;
  bool has_dependents(std::string_view owner_key) const;
  size_t size() const;

 private:
  struct Node {
    std::vector<std::string> owners;
    storage::Revision revision = 0;
  };
  void unlink(std::string_view key, const Node& node);

  mutable std::mutex mutex_;
  std::map<std::string, Node, std::less<>> nodes_;
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> dependents_;
};

}  // namespace engine
