// Actions: what is done to workloads and nodes, from their lists and from their own pages: scale,
// restart, cordon. Thread: the one thread. Owns: the scale dialog's number.
#pragma once

#include <string>

#include "web/client/discovery.h"
#include "web/client/lifetime.h"

namespace web {

class App;

bool can_scale(const ApiKind& kind);
bool can_restart(const ApiKind& kind);
bool is_node(const ApiKind& kind);
// `url` is the object's own, under the cluster's.
void restart_workload(App& app, const std::string& url, const std::string& name);
enum class Scheduling { kOn, kOff };
void set_scheduling(App& app, const std::string& url, const std::string& name, Scheduling to);

class ScaleDialog {
 public:
  void ask(std::string url, std::string name, int64_t replicas);
  void draw(App& app);

 private:
  std::string url_, name_, replicas_;
  bool opening_ = false;
};

}  // namespace web
