// ProjectMembers: which namespaces of this server are in which of its projects, by their
// annotation, kept by whoever hears of namespaces. Thread: any. Owns: its maps.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace engine {

class ProjectMembers {
 public:
  // The namespace as it is stored; null: it is gone. True when it was or is in a project.
  bool put(std::string_view name, const std::string* bytes);
  std::set<std::string> of(const std::string& project) const;
  // Empty: in none.
  std::string project_of(std::string_view name) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> project_of_;
  std::map<std::string, std::set<std::string>> members_;
};

}  // namespace engine
