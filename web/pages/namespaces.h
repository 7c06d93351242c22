// Namespaces of a cluster as the management API shows them, kept true by the cluster's own watch;
// and what is done to them: create in a project, move to another. Thread: the one thread. Owns:
// what the dialogs hold.
#pragma once

#include <string>
#include <vector>

#include "web/client/lifetime.h"
#include "web/pages/app.h"

namespace web {

Collection& namespaces_of(App& app, const std::string& cluster);
Collection& projects_of(App& app, const std::string& cluster);
std::string namespaces_path(const std::string& cluster);
bool has_link(const Json& object, std::string_view name);
bool has_action(const Json& object, std::string_view name);
// The path of a project's page; `id` is c-1:p-1.
std::string project_href(std::string_view id);
std::string namespace_href(std::string_view cluster, std::string_view name);

class NamespaceDialog {
 public:
  void ask(std::string cluster, std::string project);
  void draw(App& app);

 private:
  std::string cluster_, project_, name_, error_;
  Json quota_;
  bool opening_ = false, busy_ = false, done_ = false;
  Lifetime alive_;
};

class MoveDialog {
 public:
  void ask(std::string cluster, std::vector<std::string> names);
  void draw(App& app);

 private:
  void move(App& app);
  float effect(App& app, float x, float y, float w);
  std::string cluster_, to_, error_;
  std::vector<std::string> names_;
  size_t left_ = 0, moved_ = 0;
  bool opening_ = false;
  Lifetime alive_;
};

}  // namespace web
