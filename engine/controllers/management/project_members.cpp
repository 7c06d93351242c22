#include "engine/controllers/management/project_members.h"

#include "engine/access/admission/project_limits.h"
#include "engine/watch/object_scan.h"

namespace engine {

bool ProjectMembers::put(std::string_view name, const std::string* bytes) {
  std::string project;
  if (bytes != nullptr)
    project = scan_text(scan(*bytes, {"metadata", "annotations", kProjectIdAnnotation}));
  const size_t colon = project.find(':');
  project = project.substr(0, colon) == kLocalCluster && colon != project.npos
                ? project.substr(colon + 1)
                : std::string();
  std::lock_guard lock(mutex_);
  const auto had = project_of_.find(name);
  const bool was = had != project_of_.end();
  if (was && had->second != project) {
    auto& before = members_[had->second];
    before.erase(std::string(name));
    if (before.empty()) members_.erase(had->second);
    project_of_.erase(had);
  }
  if (!project.empty()) {
    project_of_.insert_or_assign(std::string(name), project);
    members_[project].emplace(name);
  }
  return was || !project.empty();
}

std::set<std::string> ProjectMembers::of(const std::string& project) const {
  std::lock_guard lock(mutex_);
  const auto found = members_.find(project);
  return found == members_.end() ? std::set<std::string>() : found->second;
}

std::string ProjectMembers::project_of(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto found = project_of_.find(name);
  return found == project_of_.end() ? std::string() : found->second;
}

}  // namespace engine
