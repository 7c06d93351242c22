// Controller: one loop of the product: keys in, what to do next out. It looks at both sides of what
// a key names and writes the difference, so that the order and number of its calls do not matter;
// an error brings the key back with back-off. Its workers are tasks of the Env, shared by all
// controllers; a key is never looked at twice at once. ControllerSet owns all of a process.
// Thread: any. Owns: its queue.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "engine/controllers/runtime/work_queue.h"

namespace engine {

struct Outcome {
  std::optional<storage::Millis> again;  // none: nothing more to do until something changes
  static Outcome done() { return {}; }
  static Outcome requeue_after(storage::Millis delay) { return {delay}; }
};

class Controller final {
 public:
  using Reconcile = std::function<Result<Outcome>(const std::string& key)>;
  struct Options {
    std::string name;
    size_t workers_max = 1;
  };
  Controller(storage::Env& env, Options options, Reconcile reconcile);
  ~Controller();  // stops
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  void add(std::string key) { queue_->add(std::move(key)); }
  void add_after(std::string key, storage::Millis delay) {
    queue_->add_after(std::move(key), delay);
  }
  // When it returns no reconcile is under way and none will begin.
  void stop();

  const std::string& name() const { return options_.name; }
  struct Numbers {
    WorkQueue::Numbers queue;
    uint64_t reconciled = 0, failed = 0;
    std::string last_error;
  };
  Numbers numbers() const;

 private:
  void work();
  void look_at(const std::string& key);

  storage::Env& env_;
  const Options options_;
  const Reconcile reconcile_;
  struct Counts;
  std::unique_ptr<Counts> counts_;
  std::unique_ptr<WorkQueue> queue_;
};

class LogTap;

// What a controller's file adds to the set: the controller and where its keys come from.
class ControllerModule {
 public:
  virtual ~ControllerModule() = default;
  virtual void listen(LogTap&) {}                  // before start
  virtual Result<Unit> start() { return Unit{}; }  // what is there already
  virtual void stop() = 0;
  virtual Controller::Numbers numbers() const = 0;
  virtual std::string_view name() const = 0;
};

// Most modules are one controller.
class SingleController : public ControllerModule {
 public:
  void stop() override { controller_.stop(); }
  Controller::Numbers numbers() const override { return controller_.numbers(); }
  std::string_view name() const override { return controller_.name(); }

 protected:
  SingleController(storage::Env& env, Controller::Options options)
      : controller_(env, std::move(options),
                    [this](const std::string& key) { return reconcile(key); }) {}
  virtual Result<Outcome> reconcile(const std::string& key) = 0;
  Controller controller_;
};

}  // namespace engine
