// ControllerSet: all controllers of a process: made from one context, started together after the
// store can be read, stopped together before it closes. A controller is one file and one line in
// all.inc. Thread: one thread makes, starts and stops; numbers() any. Owns: its modules, their log.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/cluster/client.h"
#include "engine/controllers/runtime/controller.h"
#include "engine/controllers/runtime/log_tap.h"

namespace engine {

struct ControllerContext {
  storage::Env& env;
  Registry& registry;
  Dispatcher& dispatcher;
  // The certificate that clients in pods trust, as PEM, for the config map kube-root-ca.crt of each
  // namespace; empty: there is none yet.
  std::function<std::string()> root_ca = [] { return std::string(); };
};

class ControllerSet {
 public:
  explicit ControllerSet(ControllerContext context);
  ~ControllerSet();  // stops
  ControllerSet(const ControllerSet&) = delete;
  ControllerSet& operator=(const ControllerSet&) = delete;

  const ControllerContext& context() const { return context_; }
  std::unique_ptr<Client> client(std::string name) const;
  void add(std::unique_ptr<ControllerModule> module);

  Result<Unit> start();
  void stop();
  const std::vector<std::unique_ptr<ControllerModule>>& modules() const { return modules_; }

 private:
  ControllerContext context_;
  LogTap log_;
  std::vector<std::unique_ptr<ControllerModule>> modules_;
  bool running_ = false;
};

// Every line of all.inc.
void register_builtin_controllers(ControllerSet& set);

}  // namespace engine
