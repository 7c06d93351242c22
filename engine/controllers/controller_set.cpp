#include "engine/controllers/controller_set.h"

namespace engine {

#define CONTROLLER(name) void register_controller_##name(ControllerSet& set);
#include "engine/controllers/all.inc"
#undef CONTROLLER

void register_builtin_controllers(ControllerSet& set) {
#define CONTROLLER(name) register_controller_##name(set);
#include "engine/controllers/all.inc"
#undef CONTROLLER
}

ControllerSet::ControllerSet(ControllerContext context)
    : context_(std::move(context)), log_(context_.registry.store()) {}

ControllerSet::~ControllerSet() {
  stop();
}

std::unique_ptr<Client> ControllerSet::client(std::string name) const {
  return make_local_client(context_.registry, context_.dispatcher, std::move(name));
}

void ControllerSet::add(std::unique_ptr<ControllerModule> module) {
  module->listen(log_);
  modules_.push_back(std::move(module));
}

Result<Unit> ControllerSet::start() {
  // The log first, what is there after it: nothing falls between the two.
  TRY(log_.start());
  running_ = true;
  for (auto& module : modules_) TRY(module->start());
  return Unit{};
}

void ControllerSet::stop() {
  if (!running_) return;
  running_ = false;
  log_.stop();
  for (auto module = modules_.rbegin(); module != modules_.rend(); ++module) (*module)->stop();
}

}  // namespace engine
